"""A mail server in a process of its own: takes every mail and keeps it as a file, in order.

`python mail_server.py FOLDER` prints its port. As long as FOLDER/refuse exists it turns mails away, as a full disk would,
and makes FOLDER/refused.
"""

import asyncio
import sys
from pathlib import Path


class MailServer:
    """One folder of mails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it leaves."""
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA" and not (self.folder / "refuse").exists():
                writer.write(b"354 go on\r\n")
                self._keep(await self._body(reader))
            writer.write(self._answer(verb))
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    def _answer(self, verb: bytes) -> bytes:
        if verb in (b"DATA", b"MAIL") and (self.folder / "refuse").exists():
            (self.folder / "refused").touch()
            return b"452 insufficient system storage\r\n"
        return {b"EHLO": b"250-mail.example\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n")

    async def _body(self, reader: asyncio.StreamReader) -> bytes:
        lines: list[bytes] = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _keep(self, mail: bytes) -> None:
        self.count += 1
        (self.folder / f"{self.count:03}.eml").write_bytes(mail)


async def main(folder: Path) -> None:
    """Serve on a free port until killed."""
    server = await asyncio.start_server(MailServer(folder).serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
