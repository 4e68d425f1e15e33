"""What a line may cost that is slow, or dead and nobody has noticed: one of our few threads, for seconds."""

import socket
import struct

# gunicorn writes and reads until it is done, without a limit for either. A page that fits into the kernel's
# buffer is written at once, however slowly it is fetched. Linux gives what net.core.wmem_max allows, by
# default enough for several papers of 100 kB; it is memory only while something waits in it.
ROOM_BYTES = 1 << 20
# Without a single byte. nginx waits 15 s and more, and asks for nothing before it has everything.
PATIENCE_SECONDS = 10


def bound(connection: socket.socket, *, seconds: int = PATIENCE_SECONDS) -> None:
    """From now on, who reads from it or writes to it in vain for so long gets a BlockingIOError."""
    patience = struct.pack("ll", seconds, 0)  # a timeval
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM_BYTES)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
