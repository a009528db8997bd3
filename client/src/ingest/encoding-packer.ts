/** Fills slabs with chunks that are encoded as they are made, while the processor still has them at hand, and by the thread that read them. */
import { ENCODING_BYTE, encodeBlob, encodedBound } from "@datadb/protocol";
import type { InPlace } from "./encode-in-place.ts";
import { SlabPacker } from "./slab-packer.ts";

/** The end of a slab, into which content is read again and again: what a packer is asked for at most, and what a processor's cache holds. */
const CONTENT_BYTES = 1 << 20;

/** What all chunks of so much content may need for what they become, however small they are. */
const PAYLOAD_ROOM_BYTES: number = encodedBound(CONTENT_BYTES) + (CONTENT_BYTES >> 2);

const NO_NAME = Buffer.alloc(0);

/**
 * For content that the store probably does not have, and that has no base. Content comes to the end of the slab, payloads lie one behind another
 * from its start. Whoever writes to the slab calls rewind() when all that it wrote is in chunks.
 */
export class EncodingPacker extends SlabPacker {
  override readonly encodes: boolean = true;
  /** Address behind the last payload. */
  private payloads = 0;
  private encodings: number[] = [];
  private payloadRanges: number[] = [];

  override rewind(): void {
    const content = this.end - CONTENT_BYTES;
    // Without room for payloads there is none for content: the slab is handed over.
    this.position = content - this.payloads >= PAYLOAD_ROOM_BYTES ? content : this.end;
  }

  protected override begin(address: number): void {
    super.begin(address);
    this.payloads = address;
    this.rewind();
  }

  protected override added(from: number, to: number): void {
    const at = this.payloads;
    const into = this.view.subarray(at, at + encodedBound(to - from));
    const { encoding, payload } = encodeBlob("data", NO_NAME, this.view.subarray(from, to), { into });
    if (encoding === "raw") payload.copy(this.view, at);
    this.encodings.push(ENCODING_BYTE[encoding]);
    this.payloadRanges.push(at, payload.length);
    this.payloads = at + payload.length;
  }

  protected override takeEncoded(): InPlace {
    const { encodings, payloadRanges } = this;
    this.encodings = [];
    this.payloadRanges = [];
    return { encodings: Uint8Array.from(encodings), ranges: Uint32Array.from(payloadRanges) };
  }
}
