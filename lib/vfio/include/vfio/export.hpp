// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/// What the shared library exports; everything else in it is hidden.
#define VFIO_EXPORT __attribute__((visibility("default")))
