// SPDX-License-Identifier: LGPL-2.1-or-later
#include <blkid/blkid.h>

#include "base/dlopen_wrapper.hpp"

DLOPEN_LIBRARY_NOTE(blkid, "libblkid.so.1", "required",
                    "Finds file systems and raid members on a disk")

#define BLKID(RETURN, NAME, PARAMETERS, ARGUMENTS) \
    DLOPEN_WRAPPER("libblkid.so.1", RETURN, NAME, PARAMETERS, ARGUMENTS)

BLKID(blkid_probe, blkid_new_probe, (void), ())
BLKID(void, blkid_free_probe, (blkid_probe probe), (probe))
BLKID(int, blkid_probe_set_device, (blkid_probe probe, int fd, blkid_loff_t at, blkid_loff_t size),
      (probe, fd, at, size))
BLKID(int, blkid_probe_enable_superblocks, (blkid_probe probe, int enable), (probe, enable))
BLKID(int, blkid_probe_set_superblocks_flags, (blkid_probe probe, int flags), (probe, flags))
BLKID(int, blkid_probe_enable_partitions, (blkid_probe probe, int enable), (probe, enable))
BLKID(int, blkid_do_safeprobe, (blkid_probe probe), (probe))
BLKID(int, blkid_probe_lookup_value,
      (blkid_probe probe, const char* name, const char** value, size_t* size),
      (probe, name, value, size))
