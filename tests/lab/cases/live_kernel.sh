#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every operation of LiveKernel on a real kernel: what it writes, and the errors it returns.
. tests/lab/check.sh

program=$BINDD_BUILD/tests/lab/programs/lab_live_kernel
output=$("$program" --gtest_brief=1 2>&1)
verdict $? "every operation does on a real kernel what it promises" "$output"
contains "and none was left out" "PASSED  ] 13 tests." "$output"

done_checking
