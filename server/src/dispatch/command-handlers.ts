/** The handler of every command of the catalogue, and how it takes its turn where that is not `read`. */
import { bexists } from "../commands/blob/bexists.ts";
import { bget } from "../commands/blob/bget.ts";
import { bput, bputTurn } from "../commands/blob/bput.ts";
import { bscan } from "../commands/blob/bscan.ts";
import { hash } from "../commands/blob/hash.ts";
import { bcnt, bsize, size } from "../commands/blob/totals.ts";
import { auth } from "../commands/connection/auth.ts";
import { client } from "../commands/connection/client.ts";
import { command } from "../commands/connection/command.ts";
import { echo } from "../commands/connection/echo.ts";
import { hello } from "../commands/connection/hello.ts";
import { info } from "../commands/connection/info.ts";
import { monitor } from "../commands/connection/monitor.ts";
import { ping } from "../commands/connection/ping.ts";
import { quit } from "../commands/connection/quit.ts";
import { select } from "../commands/connection/select.ts";
import { shutdown } from "../commands/connection/shutdown.ts";
import { now, time } from "../commands/connection/time.ts";
import { hdel } from "../commands/hash/hdel.ts";
import { hget } from "../commands/hash/hget.ts";
import { hgetall } from "../commands/hash/hgetall.ts";
import { hlen } from "../commands/hash/hlen.ts";
import { hscan } from "../commands/hash/hscan.ts";
import { hmset, hset } from "../commands/hash/hset.ts";
import { dbsize } from "../commands/keys/dbsize.ts";
import { del } from "../commands/keys/del.ts";
import { exists } from "../commands/keys/exists.ts";
import { keys } from "../commands/keys/keys.ts";
import { scan } from "../commands/keys/scan.ts";
import { type } from "../commands/keys/type.ts";
import { ladd } from "../commands/list/ladd.ts";
import { ldel } from "../commands/list/ldel.ts";
import { lindex } from "../commands/list/lindex.ts";
import { liter, lriter } from "../commands/list/liter.ts";
import { llast } from "../commands/list/llast.ts";
import { llen } from "../commands/list/llen.ts";
import { lmrange } from "../commands/list/lmrange.ts";
import { lprev } from "../commands/list/lprev.ts";
import { lrange } from "../commands/list/lrange.ts";
import { records } from "../commands/records/records.ts";
import { sadd } from "../commands/set/sadd.ts";
import { scard } from "../commands/set/scard.ts";
import { sismember } from "../commands/set/sismember.ts";
import { smembers } from "../commands/set/smembers.ts";
import { srem } from "../commands/set/srem.ts";
import { sscan } from "../commands/set/sscan.ts";
import { backup } from "../commands/store/backup.ts";
import { backups } from "../commands/store/backups.ts";
import { check } from "../commands/store/check.ts";
import { forget } from "../commands/store/forget.ts";
import { gc } from "../commands/store/gc.ts";
import { glacier } from "../commands/store/glacier.ts";
import { mark } from "../commands/store/mark.ts";
import { mirror } from "../commands/store/mirror.ts";
import { pin, unpin } from "../commands/store/pin.ts";
import { stats } from "../commands/store/stats.ts";
import { tag } from "../commands/store/tag.ts";
import { get } from "../commands/string/get.ts";
import { range } from "../commands/string/range.ts";
import { set } from "../commands/string/set.ts";
import { done } from "../commands/transaction/done.ts";
import { init } from "../commands/transaction/init.ts";
import { lease } from "../commands/transaction/lease.ts";
import { txcommit } from "../commands/transaction/txcommit.ts";
import { txdiscard } from "../commands/transaction/txdiscard.ts";
import { txinit } from "../commands/transaction/txinit.ts";
import type { Turn } from "../session/command-order.ts";
import type { CommandHandler } from "./command.ts";

export const COMMAND_HANDLERS: Readonly<Record<string, CommandHandler>> = {
  ...{ auth, client, command, echo, hello, info, monitor, now, ping, quit, select, shutdown, time },
  ...{ dbsize, del, exists, keys, scan, type },
  ...{ get, range, set },
  ...{ hdel, hget, hgetall, hlen, hmset, hscan, hset },
  ...{ sadd, scard, sismember, smembers, srem, sscan },
  ...{ ladd, ldel, lindex, liter, llast, llen, lmrange, lprev, lrange, lriter },
  ...{ bcnt, bexists, bget, bput, bscan, bsize, hash, size },
  ...{ done, init, lease, txcommit, txdiscard, txinit },
  ...{ backup, backups, check, forget, gc, glacier, mark, mirror, pin, stats, tag, unpin },
  records,
};

export const COMMAND_TURNS: Readonly<Record<string, Turn | ((args: readonly Buffer[]) => Turn)>> = {
  auth: "exclusive",
  hello: "exclusive",
  lease: "exclusive",
  ...{ set: "write", del: "write", hset: "write", hmset: "write", hdel: "write" },
  ...{ sadd: "write", srem: "write", ladd: "write", ldel: "write", forget: "write", tag: "write" },
  ...{ mark: "write", pin: "write", unpin: "write" },
  // They change nothing that other commands read, and none waits for another one.
  records: "write",
  bput: bputTurn,
  ...{ backup: "barrier", done: "barrier", txcommit: "barrier" },
};
