#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rpmlint 2.4.0+ds1-0.2 (Debian 12) reports as an error that a spec whose package is named lib... does not use Mageia's macro %mklibname,
# and as a warning that it has no BuildRoot, which rpm sets itself since 4.6. Debian ships it without the configuration of any
# distribution, and both checks are on. rpm/bindd.rpmlintrc filters them.
#
# Seen:
#   sample.spec: E: lib-package-without-%mklibname
#   sample.spec: W: no-buildroot-tag
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

rpm=4.18.0+dfsg-1+deb12u1
python=(python3-enchant=3.2.2-1 python3-magic=2:0.4.26-3 python3-pybeam=0.7-2 python3-tomli-w=1.0.0-2 python3-xdg=0.28-2
    python3-zstandard=0.20.0-3 libenchant-2-2=2.3.3-2 libmagic1=1:5.44-3 libmagic-mgc=1:5.44-3)
apt-get -qq download rpmlint=2.4.0+ds1-0.2 "${python[@]}" python3-rpm=$rpm librpm9=$rpm librpmio9=$rpm librpmbuild9=$rpm librpmsign9=$rpm rpm=$rpm rpm-common=$rpm
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
output=$(PATH=$dir/tools/usr/bin:$PATH tools/usr/bin/rpmlint sample.spec 2>&1 | grep -E '^sample.spec:' || true)
printf '%s\n' "$output"
grep -q 'E: lib-package-without-%mklibname' <<<"$output" && grep -q 'W: no-buildroot-tag' <<<"$output"
