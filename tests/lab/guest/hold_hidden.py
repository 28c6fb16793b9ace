#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hold_hidden.py GROUP ADDRESS: holds a VFIO device open in the queue of a socket, where /proc does not show it. SIGUSR1
receives the descriptors, so that /proc shows them; SIGTERM closes them. Prints "held" and "seen"."""
import array
import fcntl
import os
import signal
import socket
import sys

SET_CONTAINER, SET_IOMMU, GET_DEVICE_FD, TYPE1V2 = 0x3B68, 0x3B66, 0x3B6A, 3

for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
container = os.open("/dev/vfio/vfio", os.O_RDWR)
group = os.open("/dev/vfio/" + sys.argv[1], os.O_RDWR)
fcntl.ioctl(group, SET_CONTAINER, array.array("i", [container]))
fcntl.ioctl(container, SET_IOMMU, TYPE1V2)
device = fcntl.ioctl(group, GET_DEVICE_FD, bytearray(sys.argv[2].encode() + b"\0"), True)
ours, queue = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
socket.send_fds(ours, [b"."], [container, group, device])
for fd in (container, group, device):
    os.close(fd)
print("held", flush=True)
if signal.sigwait({signal.SIGUSR1, signal.SIGTERM}) == signal.SIGUSR1:
    kept = socket.recv_fds(queue, 1, 3)
    print("seen", flush=True)
    signal.sigwait({signal.SIGTERM})
