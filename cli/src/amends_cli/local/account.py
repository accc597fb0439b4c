"""Who PostgreSQL runs as. It refuses root, and a clone below root's home is closed to everybody else (DESIGN 7)."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass

_USUAL_UID = 1000


@dataclass(frozen=True, slots=True)
class Account:
    """How to start a program so that it does not see itself as root.

    `prefix` are the words before its command (a user namespace in which our files belong to an ordinary user); `user`
    is the (uid, gid) to really drop to, for which program and data must lie where that user may enter.
    """

    prefix: tuple[str, ...] = ()
    user: tuple[int, int] | None = None


def choose_account(*, is_root: bool, ordinary: pwd.struct_passwd | None, namespaces: bool) -> Account:
    """Decide who PostgreSQL runs as: ourselves, root seen as another in a user namespace, or really another.

    Raises:
        LookupError: we are root, and the machine knows no ordinary user.
    """
    if not is_root:
        return Account()
    if ordinary is None:
        raise LookupError(
            "PostgreSQL does not run as root, and this machine has no other user: run as an ordinary user"
        )
    if namespaces:
        return Account(prefix=_unshare(ordinary))
    return Account(user=(ordinary.pw_uid, ordinary.pw_gid))


def this_account() -> Account:
    """Look at this machine and choose."""
    if os.geteuid() != 0:
        return Account()
    ordinary = ordinary_user()
    return choose_account(is_root=True, ordinary=ordinary, namespaces=ordinary is not None and _works(ordinary))


def ordinary_user() -> pwd.struct_passwd | None:
    """Return a user that is not root: 1000, `nobody`, or any. initdb looks it up, so it must have a name here."""
    known = pwd.getpwall()
    wanted = [user for user in known if user.pw_uid == _USUAL_UID] + [
        user for user in known if user.pw_name == "nobody"
    ]
    return next((user for user in wanted + known if user.pw_uid > 0), None)


def _unshare(user: pwd.struct_passwd) -> tuple[str, ...]:
    return ("unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")


def _works(user: pwd.struct_passwd) -> bool:
    """Whether this kernel lets us make a user namespace."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*_unshare(user), "true"], capture_output=True, check=False)  # noqa: S603 - constant words
    return tried.returncode == 0
