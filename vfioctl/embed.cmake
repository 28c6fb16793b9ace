# SPDX-License-Identifier: LGPL-2.1-or-later
# Puts the text of INPUT, line by line as string literals, into TEMPLATE.
file(READ ${INPUT} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
set(SCHEMA_PIECES "    \"${text}\"")
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
