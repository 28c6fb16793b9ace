#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `vfioctl probe` tells of a device, through each backend, as text and as JSON.
. tests/lab/check.sh
. tests/lab/json.sh

pci=/sys/bus/pci
disk=0000:00:12.0

fails "wrong usage: no device" 2 vfioctl probe
fails "wrong usage: two devices" 2 vfioctl probe $disk 0000:00:10.0
fails "no such backend" 2 vfioctl probe --backend type3 $disk
contains "and which there are is said" "hint: one of: iommufd, iommufd-compat, type1v2, type1, spapr-v2, spapr-v1, noiommu" \
    "$(vfioctl probe --backend type3 $disk 2>&1)"
fails "no such device" 5 vfioctl probe 0000:99:00.0
fails "a device of its native driver is refused" 3 vfioctl probe $disk
equal "and what to do is said" "vfioctl: $disk: open: its driver is nvme, not a VFIO one
hint: bind it first: vfioctl bind $disk" "$(vfioctl probe $disk 2>&1)"
equal "in JSON too" "bind it first: vfioctl bind $disk" "$(vfioctl --json probe $disk 2>/dev/null | json 'j["error"]["hint"]')"

modprobe -a vfio-pci iommufd
store $pci/devices/$disk/driver_override vfio-pci
store $pci/drivers/nvme/unbind $disk
equal "bind it" "" "$(store $pci/drivers/vfio-pci/bind $disk)"
text=$(vfioctl probe $disk)
verdict $? "probe succeeds" "$text"
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
    equal "which it says" "$backend" "$(json 'j["backend"]' <<<"$output")"
    equal "nothing was skipped for it" "[]" "$(json 'json.dumps(j["skipped"])' <<<"$output")"
    equal "its fields are those of the interface, and more" "True" "$(json 'str(
        j["schema"] == "vfioctl/1" and {"pgsizes", "iova_ranges", "dma_avail"} <= set(j["iommu"])
        and {"flags", "caps"} <= set(j["device"])
        and all({"index", "size", "offset", "flags", "caps"} <= set(r) for r in j["regions"])
        and all({"index", "name", "count", "flags"} <= set(i) for i in j["irqs"])
        and isinstance(j["features"], list))' <<<"$output")"
    equal "the first range begins at 0" "0" "$(json 'j["iommu"]["iova_ranges"][0][0]' <<<"$output")"
    equal "pages of 4096 bytes are among those of the IOMMU" "true" "$(json '4096 in j["iommu"]["pgsizes"]' <<<"$output")"
    equal "BAR 0" "16384" "$(json '[r["size"] for r in j["regions"] if r["index"] == 0]' <<<"$output")"
    equal "INTx, MSI-X, error, request" "INTx
MSI-X
error
request" "$(json '[i["name"] for i in j["irqs"]]' <<<"$output")"
done
for backend in spapr-v2 noiommu; do
    fails "a backend that the machine has not" 1 vfioctl probe --backend $backend $disk
done

exec {held}<>"/dev/vfio/$(group_of $disk)"
output=$(vfioctl probe $disk 2>&1)
equal "a device whose group is open is busy" 1 $?
contains "and who has it is said" "$(cat /proc/$$/comm) (pid $$)" "$output"
exec {held}>&-
equal "what a device has not is null" "null" \
    "$(vfioctl --json probe $disk | json 'j["migration"]')"

done_checking
