#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rpmlint 2.4.0+ds1-0.2 (Debian 12) cannot read any spec without the program rpm, which its package only recommends. Then the error
# says that there is no file 'rpm', and names the spec; for a spec in a folder rpm/ it reads as if the path were wrong.
# tests/lab/packages names rpm besides rpmlint.
#
# Seen:
#   (none): E: fatal error while reading sample.spec: [Errno 2] No such file or directory: 'rpm'
#   exit status 3
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

rpm=4.18.0+dfsg-1+deb12u1
python=(python3-enchant=3.2.2-1 python3-magic=2:0.4.26-3 python3-pybeam=0.7-2 python3-tomli-w=1.0.0-2 python3-xdg=0.28-2
    python3-zstandard=0.20.0-3 libenchant-2-2=2.3.3-2 libmagic1=1:5.44-3 libmagic-mgc=1:5.44-3)
apt-get -qq download rpmlint=2.4.0+ds1-0.2 "${python[@]}" python3-rpm=$rpm librpm9=$rpm librpmio9=$rpm librpmbuild9=$rpm librpmsign9=$rpm rpm-common=$rpm
for package in ./*.deb; do dpkg -x "$package" tools; done
export PYTHONPATH=$dir/tools/usr/lib/python3/dist-packages RPM_CONFIGDIR=$dir/tools/usr/lib/rpm
LD_LIBRARY_PATH=$dir/tools/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
export LD_LIBRARY_PATH
cat >sample.spec <<'SPEC'
Name:           sample
Version:        1
Release:        1
Summary:        A sample
License:        MIT

%description
A sample.

%package -n libsample
Summary:        A library

%description -n libsample
A library.

%prep

%build

%install

%files

%files -n libsample

%changelog
* Sun Nov 29 2026 A <a@b.example> - 1-1
- First.
SPEC
mkdir programs
status=0
output=$(PATH=$dir/programs /usr/bin/python3 tools/usr/bin/rpmlint sample.spec 2>&1) || status=$?
grep 'fatal error' <<<"$output"
printf 'exit status %d\n' $status
grep -q "fatal error while reading .*sample.spec: .*'rpm'" <<<"$output"
