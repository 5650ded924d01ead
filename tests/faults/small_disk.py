"""A file system of a few megabytes: a tmpfs in a mount namespace of its own, made without rights that the tests do not have.

As a program: `small_disk.py hold FOLDER BYTES` mounts it over FOLDER and keeps it until its standard input ends;
`small_disk.py enter PID COMMAND…` executes COMMAND where the holder PID is. The network is everybody's.
"""

import ctypes
import os
import pathlib
import subprocess
import sys

_libc = ctypes.CDLL(None, use_errno=True)
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000


def _mount(kind, folder, flags, data=None):
    if _libc.mount(kind, os.fsencode(folder), kind, flags, data) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount of {kind.decode()}: {os.strerror(error)}", str(folder))


def _leave():
    """A mount namespace of one's own: with the rights one has, else with those of a user namespace."""
    try:
        os.unshare(os.CLONE_NEWNS)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS)
        # Inside one is who one was: files of nobody cannot be made.
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(b"none", "/", _MS_REC | _MS_PRIVATE)


def _hold(folder, size):
    try:
        _leave()
        _mount(b"tmpfs", folder, 0, f"size={size},mode=0777".encode())
    except OSError as error:
        print(error, flush=True)
        return 1
    print("mounted", flush=True)
    sys.stdin.read()
    return 0


def _enter(pid, command):
    def namespace(name):
        return os.stat(f"/proc/{pid}/ns/{name}").st_ino

    names = ["user", "mnt"] if namespace("user") != os.stat("/proc/self/ns/user").st_ino else ["mnt"]
    for descriptor in [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in names]:
        os.setns(descriptor)
    os.execv(command[0], command)


class SmallDisk:
    """A folder with so many bytes of room. Use as a context manager; what runs on it must have ended before."""

    def __init__(self, folder, size):
        self.folder, self.size = pathlib.Path(folder), size

    def __enter__(self):
        self.folder.mkdir()
        self.holder = subprocess.Popen(
            [sys.executable, __file__, "hold", str(self.folder), str(self.size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self.holder.stdout.readline().strip()
        if said != "mounted":
            self.holder.wait()
            raise RuntimeError("this environment gives no small disk, which the tests of a full one"
                               f" need (user namespaces, or root): {said or 'the holder died'}")
        return self

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait()

    @property
    def launcher(self):
        """The command that starts another on this disk."""
        return [sys.executable, __file__, "enter", str(self.holder.pid)]

    @property
    def inside(self):
        """The folder as seen from outside."""
        return pathlib.Path(f"/proc/{self.holder.pid}/root{self.folder}")

    def free_bytes(self):
        state = os.statvfs(self.inside)
        return state.f_bavail * state.f_frsize

    def take(self, name, size):
        """Writes a file of so many bytes, to be given back."""
        (self.inside / name).write_bytes(bytes(size))

    def give_back(self, name):
        (self.inside / name).unlink()


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        sys.exit(_hold(sys.argv[2], int(sys.argv[3])))
    _enter(int(sys.argv[2]), sys.argv[3:])
