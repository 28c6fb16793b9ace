#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The output of `vfioctl probe` through each backend, as text and as JSON.
. tests/lab/check.sh
. tests/lab/json.sh

pci=/sys/bus/pci
disk=0000:00:12.0

# probe WORD...: runs vfioctl probe once and keeps its output in $output and its exit status in $status, because starting
# a program takes long in this guest.
probe() {
    output=$(vfioctl probe "$@" 2>&1)
    status=$?
}

fails "wrong usage: no device" 2 vfioctl probe
fails "wrong usage: two devices" 2 vfioctl probe $disk 0000:00:10.0
probe --backend type3 $disk
equal "no such backend" 2 "$status"
contains "and the backends are listed" \
    "hint: one of: iommufd, iommufd-compat, type1v2, type1, spapr-v2, spapr-v1, noiommu" "$output"
fails "no such device" 5 vfioctl probe 0000:99:00.0
probe $disk
equal "a device of its native driver is refused" 3 "$status"
equal "with a hint" "vfioctl: $disk: open: its driver is nvme, not a VFIO one
hint: bind it first: vfioctl bind $disk" "$output"
equal "in JSON too" "bind it first: vfioctl bind $disk" "$(vfioctl --json probe $disk 2>/dev/null | json 'j["error"]["hint"]')"

modprobe -a vfio-pci iommufd
store $pci/devices/$disk/driver_override vfio-pci
store $pci/drivers/nvme/unbind $disk
equal "bind it" "" "$(store $pci/drivers/vfio-pci/bind $disk)"
probe $disk
text=$output
verdict "$status" "probe succeeds" "$text"
printf '%s\n' "$text" | sed 's/^/#   /'
contains "the best backend is taken" "backend*iommufd" "$text"
contains "page sizes" "page sizes:*4K, 2M" "$text"
contains "IOVA ranges" "IOVA ranges*0x0-0xfedfffff" "$text"
contains "regions" "BAR 0: 16K at 0x0, read write mmap" "$text"
contains "the config space" "config: 4K at 0x70000000000, read write" "$text"
contains "interrupts" "MSI-X: 65 (eventfd" "$text"
contains "features" "low-power-entry" "$text"
contains "PCI capabilities" "MSI-X, PCI Express" "$text"

for backend in iommufd iommufd-compat type1v2 type1; do
    output=$(vfioctl --json probe --backend $backend $disk 2>&1)
    verdict $? "probe through $backend" "$output"
    # Which backend; what was skipped for it; whether the interface's fields are there; the first range; pages; BAR 0; the rest.
    equal "it prints what the interface reports, and what the drive has" "$backend
[]
true
0
true
16384
INTx
MSI-X
error
request
null" "$(json '[j["backend"], j["skipped"],
        j["schema"] == "vfioctl/1" and {"pgsizes", "iova_ranges", "dma_avail"} <= set(j["iommu"])
        and {"flags", "caps"} <= set(j["device"])
        and all({"index", "size", "offset", "flags", "caps"} <= set(r) for r in j["regions"])
        and all({"index", "name", "count", "flags"} <= set(i) for i in j["irqs"])
        and isinstance(j["features"], list),
        j["iommu"]["iova_ranges"][0][0], 4096 in j["iommu"]["pgsizes"],
        *[r["size"] for r in j["regions"] if r["index"] == 0], *[i["name"] for i in j["irqs"]], j["migration"]]' <<<"$output")"
done
for backend in spapr-v2 noiommu; do
    fails "a backend that this machine does not have" 1 vfioctl probe --backend $backend $disk
done

mv /dev/iommu /dev/iommu.away
probe $disk
mv /dev/iommu.away /dev/iommu
verdict "$status" "probe without an iommufd" "$output"
contains "takes the next backend" "backend*type1v2" "$output"
why='/dev/iommu: open: No such file or directory (this kernel has no iommufd, or its module is not loaded)'
contains "and says why not the first" "iommufd: $why" "$output"
contains "nor the second" "iommufd-compat: $why" "$output"

exec {held}<>"/dev/vfio/$(group_of $disk)"
probe $disk
equal "a device whose group is open is busy" 1 "$status"
contains "and its holder is named" "$(cat /proc/$$/comm) (pid $$)" "$output"
exec {held}>&-

# A BAR that is still mapped after its descriptors were closed keeps the device open.
cat >/tmp/mapper.py <<'PYTHON'
import ctypes, fcntl, os, struct, sys, time
cdev = os.open(sys.argv[1], os.O_RDWR)
iommu = os.open("/dev/iommu", os.O_RDWR)
fcntl.ioctl(cdev, 0x3b76, bytearray(struct.pack("IIiI", 16, 0, iommu, 0)))  # VFIO_DEVICE_BIND_IOMMUFD
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
assert libc.mmap(None, 4096, 3, 1, cdev, 0) != ctypes.c_void_p(-1).value
os.close(cdev)
os.close(iommu)
print("mapped", flush=True)
time.sleep(60)
PYTHON
python3 /tmp/mapper.py "/dev/vfio/devices/$(ls $pci/devices/$disk/vfio-dev)" >/tmp/mapper.out 2>&1 &
mapper=$!
eventually "a process maps its BAR" grep -q mapped /tmp/mapper.out
for backend in iommufd type1v2; do
    probe --backend $backend $disk
    equal "$backend cannot open it" 1 "$status"
    printf '#   %s\n' "$output"
    contains "and says who maps it" "mapped by python3 (pid $mapper), which has closed it" "$output"
done
kill $mapper
wait $mapper 2>/dev/null
probe $disk
equal "afterwards it opens" 0 "$status"

done_checking
