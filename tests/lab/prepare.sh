#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes ready what the lab's tests need, before their clocks run: the kernels of all architectures.
set -eu
lab=$(dirname "${BASH_SOURCE[0]}")/lab.sh
"$lab" --prepare --kernel stock
"$lab" --prepare --kernel lab
