"""What a test sees of the mail server: the mails that have come since it last looked."""

import email
import email.policy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

SERVER = Path(__file__).with_name("mail_server.py")


@dataclass
class Post:
    """The mail server's folder."""

    folder: Path
    port: int
    seen: int = 0

    @property
    def connection(self) -> dict[str, object]:
        """The Airflow connection that leads to it."""
        extra = {
            "disable_ssl": True,
            "disable_tls": True,
            "from_email": "lockstep@nordwerk.example",
            "timeout": 5,
            "retry_limit": 1,
        }
        return {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra}

    def new(self) -> list[EmailMessage]:
        """Return the mails that have come since the last call."""
        files = sorted(self.folder.glob("*.eml"))[self.seen :]
        self.seen += len(files)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]  # type: ignore[misc]

    def refuse(self, is_on: bool) -> None:
        """Turn mails away, or take them again."""
        (self.folder / "refused").unlink(missing_ok=True)
        flag = self.folder / "refuse"
        if is_on:
            flag.touch()
        else:
            flag.unlink(missing_ok=True)

    def has_refused(self) -> bool:
        """Tell whether a mail was turned away since `refuse`."""
        return (self.folder / "refused").exists()


@contextmanager
def post_office(folder: Path) -> Iterator[Post]:
    """Run a mail server over `folder`."""
    with subprocess.Popen([sys.executable, str(SERVER), str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Post(folder, int(process.stdout.readline()))
        process.terminate()


def words(mail: EmailMessage, kind: str = "plain") -> str:
    """Return the text of a mail, or its HTML."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
