#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every verb of LiveKernel on a real kernel: what is written, what is refused and with which words.
. tests/lab/check.sh

program=$BINDD_BUILD/tests/lab/programs/lab_live_kernel
output=$("$program" --gtest_brief=1 2>&1)
verdict $? "every verb does on a real kernel what it promises" "$output"
contains "and none was left out" "PASSED  ] 13 tests." "$output"

done_checking
