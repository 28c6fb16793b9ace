// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/validate.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/try.hpp"
#include "policy/model/device_attributes.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/vgpu.hpp"

namespace binding {
namespace {

using base::Result;
using sysfs::parse_kernel_name;

constexpr std::chrono::hours kLongestTimeout{24};

tl::unexpected<base::Error> invalid(const char* field, const std::string& value) {
    return base::fail(base::Code::kInvalid, "validate", field, "not allowed: " + value);
}

template <typename Parse>
Result<void> check_name(const char* field, const std::string& name, const Parse& parse) {
    if (!parse(name))
        return invalid(field, name);
    return {};
}

template <typename Parse>
Result<void> check_name(const char* field, const std::optional<std::string>& name,
                        const Parse& parse) {
    return name ? check_name(field, *name, parse) : Result<void>();
}

template <typename Names, typename Parse>
Result<void> check_names(const char* field, const Names& names, const Parse& parse) {
    for (const std::string& name : names)
        TRY(check_name(field, name, parse));
    return {};
}

Result<void> check(const std::vector<sysfs::Device>& devices) {
    for (const sysfs::Device& device : devices)
        TRY(validate(device));
    return {};
}

/// The attributes become paths below each device.
Result<void> check(const sysfs::ScanOptions& wanted) {
    TRY(check_names("attrs", wanted.attrs, sysfs::parse_attr_name));
    TRY(check_names("drivers", wanted.drivers, parse_kernel_name));
    return check_names("driver_buses", wanted.driver_buses, sysfs::parse_bus_name);
}

/// Of an mdev every attribute but those of the driver core and what its links lead to
/// (device_add(), mdev_device_create()); of a VF that becomes a virtual GPU the vendor's, beside
/// the one that makes it.
bool is_mdev_attr(const policy::MdevSpec& mdev, const std::string& name) {
    constexpr std::array<std::string_view, 11> kOfEveryDevice = {
        "uevent", "power",     "driver",      "driver_override", "subsystem",    "iommu",
        "remove", "mdev_type", "iommu_group", "vfio-dev",        "firmware_node"};
    const std::string_view first = std::string_view(name).substr(0, name.find('/'));
    if (!sysfs::parse_attr_name(name))
        return false;
    if (!mdev.uuid)
        return name.find('/') != name.npos &&
               first == sysfs::kVgpuTypeAttr.substr(0, sysfs::kVgpuTypeAttr.find('/'));
    return std::find(kOfEveryDevice.begin(), kOfEveryDevice.end(), first) == kOfEveryDevice.end();
}

Result<void> check(const std::vector<policy::MdevSpec>& mdevs) {
    for (const policy::MdevSpec& mdev : mdevs)
        TRY(validate(mdev));
    return {};
}

Result<void> check(const policy::Change& change) {
    TRY(check_name("from_driver", change.from_driver, parse_kernel_name));
    TRY(check_name("from_override", change.from_override, parse_kernel_name));
    for (const policy::ChainLink& link : change.candidates) {
        TRY(check_name("driver", link.driver, sysfs::parse_driver_name));
        TRY(check_name("module", link.module, sysfs::parse_module_name));
    }
    if (change.access.mode.value_or(0) > 0777U)
        return invalid("mode", std::to_string(*change.access.mode));
    for (const auto& [name, value] : change.attrs)
        TRY(policy::parse_device_attribute(name, value));
    TRY(check(change.mdevs));
    for (const policy::MdevSpec& mdev : change.mdevs_to_stop)
        if (!mdev.uuid)
            return invalid("mdevs_to_stop", "an mdev without a uuid");
    return check(change.mdevs_to_stop);
}

Result<void> check(const PreviousBinding& binding) {
    TRY(check_name("driver", binding.driver, parse_kernel_name));
    if (binding.power_control)
        TRY(policy::parse_device_attribute(std::string(policy::kPowerControl),
                                           *binding.power_control));
    return check_name("override", binding.driver_override, parse_kernel_name);
}

/// An overload for each message and record with something to check; the others are fine as decoded.
struct Validate {
    template <typename T>
    Result<void> operator()(const T&) const {
        return {};
    }
    Result<void> operator()(const ScanHost& message) const { return check(message.wanted); }
    Result<void> operator()(const ScanDevices& message) const { return check(message.wanted); }
    Result<void> operator()(const QueryUsage& message) const { return check(message.devices); }
    Result<void> operator()(const ExecuteTransaction& message) const {
        if (message.timeout.count() <= 0 || message.timeout > kLongestTimeout)
            return invalid("timeout", std::to_string(message.timeout.count()));
        return validate(message.transaction);
    }
    Result<void> operator()(const UpdateUdevRules& message) const {
        return message.in_use ? validate(*message.in_use) : Result<void>();
    }
    Result<void> operator()(const InUseFound& message) const { return validate(message.devices); }
    Result<void> operator()(const DeviceFound& message) const { return validate(message.device); }
    Result<void> operator()(const TransactionEnded& message) const {
        return validate(message.transaction);
    }
    Result<void> operator()(const TransactionInterrupted& message) const {
        return (*this)(message.begin);
    }
    Result<void> operator()(const ReadStuck& message) const { return check(message.devices); }
    Result<void> operator()(const DeviceSeen& message) const { return validate(message.device); }

    Result<void> operator()(const BeginRecord& record) const {
        for (const BindingSnapshot& snapshot : record.devices) {
            TRY(check(snapshot.before));
            if (snapshot.origin)
                TRY(check(*snapshot.origin));
        }
        return {};
    }
    Result<void> operator()(const ManagedDevice& record) const {
        return check({record.before_driver, record.before_override, record.before_power_control});
    }
    Result<void> operator()(const UndoableTransaction& record) const {
        TRY((*this)(record.begin));
        for (const ManagedDevice& replaced : record.replaced)
            TRY((*this)(replaced));
        return {};
    }
};

}  // namespace

Result<void> validate(const Envelope& envelope) {
    return std::visit(Validate{}, envelope.message);
}

/// Readers of usage open files below it, and the nodes.
Result<void> validate(const sysfs::Device& device) {
    if (device.vfio) {
        TRY(check_name("vfio.group", device.vfio->group, sysfs::parse_device_name));
        TRY(check_name("vfio.cdev", device.vfio->cdev, sysfs::parse_device_name));
    }
    const std::string& path = device.syspath;
    if (!path.empty() && (!path.starts_with("/sys/") || path.find("..") != std::string::npos))
        return invalid("syspath", path);
    return {};
}

Result<void> validate(const policy::Transaction& transaction) {
    for (const policy::Change& change : transaction.changes)
        TRY(check(change));
    return {};
}

Result<void> validate(const policy::MdevSpec& mdev) {
    TRY(check_name("uuid", mdev.uuid, sysfs::parse_uuid));
    TRY(check_name("type", mdev.type, sysfs::parse_mdev_type));
    for (const auto& [name, value] : mdev.attrs)
        if (!is_mdev_attr(mdev, name))
            return invalid("attrs", name);
    return {};
}

/// Beside each device's id, which decoding checks, the file and udev's rules have only its hardware
/// ids, the reason and the evidence as a text.
Result<void> validate(const policy::DevicesInUse& in_use) {
    constexpr std::size_t kMaxDevices = 1U << 16;
    constexpr std::size_t kMaxEvidence = 1U << 16;
    if (in_use.size() > kMaxDevices)
        return invalid("in_use", std::to_string(in_use.size()) + " devices");
    for (const policy::DeviceInUse& each : in_use) {
        if (!policy::is_use(each.reason))
            return invalid("in_use.reason", policy::reason_name(each.reason));
        if (each.evidence.size() > kMaxEvidence)
            return invalid("in_use.evidence", std::to_string(each.evidence.size()) + " bytes");
    }
    return {};
}

Result<void> validate(const Record& record) {
    return std::visit(Validate{}, record);
}

}  // namespace binding
