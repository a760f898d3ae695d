"""What an attack leaves on this machine: connections, and processes."""

import os
import socket
import threading

import psutil

PORT = 45991


class Listener:
    """Counts who connects on this machine."""

    def __init__(self) -> None:
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", PORT))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            self.socket.accept()[0].close()
            self.connections += 1


def processes() -> dict[int, str]:
    """Every living process in this namespace but this one. (It is the first, and need not bury the dead.)"""
    found = {}
    for process in psutil.process_iter():
        try:
            found[process.pid] = " ".join(process.cmdline())[:120]
        except psutil.Error:  # gone or dead meanwhile
            continue
    return {pid: command for pid, command in found.items() if pid != os.getpid()}
