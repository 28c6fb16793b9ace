// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/enum_names.hpp"

namespace binding {

const char* code_name(base::Code code) {
    switch (code) {
        case base::Code::kInvalid:
            return "invalid";
        case base::Code::kNotFound:
            return "not_found";
        case base::Code::kGone:
            return "gone";
        case base::Code::kDenied:
            return "denied";
        case base::Code::kBusy:
            return "busy";
        case base::Code::kRefused:
            return "refused";
        case base::Code::kUnsupported:
            return "unsupported";
        case base::Code::kTimeout:
            return "timeout";
        case base::Code::kStale:
            return "stale";
        case base::Code::kFailed:
            return "failed";
    }
    return "";
}

const char* use_kind_name(sysfs::UseKind kind) {
    switch (kind) {
        case sysfs::UseKind::kMounted:
            return "mounted";
        case sysfs::UseKind::kSwap:
            return "swap";
        case sysfs::UseKind::kHolder:
            return "holder";
        case sysfs::UseKind::kVfioOpen:
            return "vfio-open";
        case sysfs::UseKind::kDefaultRoute:
            return "default-route";
        case sysfs::UseKind::kAddressed:
            return "addressed";
        case sysfs::UseKind::kEnslaved:
            return "enslaved";
        case sysfs::UseKind::kSession:
            return "session";
        case sysfs::UseKind::kOpenFd:
            return "open-fd";
        case sysfs::UseKind::kConsole:
            return "console";
        case sysfs::UseKind::kVfsInUse:
            return "vfs-in-use";
        case sysfs::UseKind::kSignature:
            return "signature";
    }
    return "";
}

const char* module_state_name(sysfs::ModuleState state) {
    switch (state) {
        case sysfs::ModuleState::kMissing:
            return "missing";
        case sysfs::ModuleState::kAvailable:
            return "available";
        case sysfs::ModuleState::kDenied:
            return "denied";
        case sysfs::ModuleState::kLoaded:
            return "loaded";
        case sysfs::ModuleState::kBuiltin:
            return "builtin";
    }
    return "";
}

const char* candidate_origin_name(policy::CandidateOrigin origin) {
    switch (origin) {
        case policy::CandidateOrigin::kRule:
            return "rule";
        case policy::CandidateOrigin::kVariant:
            return "variant";
        case policy::CandidateOrigin::kAlias:
            return "alias";
        case policy::CandidateOrigin::kGeneric:
            return "generic";
    }
    return "";
}

const char* destination_name(policy::Change::To to) {
    switch (to) {
        case policy::Change::To::kChain:
            return "chain";
        case policy::Change::To::kNone:
            return "none";
        case policy::Change::To::kHost:
            return "host";
    }
    return "";
}

const char* check_name(policy::Check check) {
    switch (check) {
        case policy::Check::kNone:
            return "none";
        case policy::Check::kOpen:
            return "open";
    }
    return "";
}

}  // namespace binding
