// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan_mdevs.hpp"

#include <uuid/uuid.h>

#include <algorithm>
#include <array>
#include <map>

#include "policy/plan/ap_config.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/vgpu.hpp"

namespace policy {
namespace {

/// 32 hex digits as a UUID: a machine-id is one without its dashes (machine-id(5)).
bool parse_machine_id(const std::string& text, uuid_t& out) {
    if (text.size() != 32)
        return false;
    const std::string dashed = text.substr(0, 8) + "-" + text.substr(8, 4) + "-" +
                               text.substr(12, 4) + "-" + text.substr(16, 4) + "-" +
                               text.substr(20);
    return ::uuid_parse(dashed.c_str(), out) == 0;
}

std::string offered_types(const sysfs::Device& parent) {
    std::string out = "types:";
    for (const sysfs::MdevType& type : parent.mdev_types)
        out += " " + type.id;
    return out;
}

class MdevPlanner {
  public:
    MdevPlanner(const Member& member, const sysfs::Inventory& inventory)
        : parent_(*member.device), inventory_(inventory) {
        if (parent_.mdev_parent_name.empty() && !will_become_parent(member))
            deny(ReasonCode::kNoDriver, "is no mdev parent: its driver offers no mdev types",
                 parent_.driver ? std::optional("driver " + *parent_.driver) : std::nullopt);
    }

    void add(const MdevSpec& spec) {
        if (spec.uuid) {
            add_one(spec, *spec.uuid);
            return;
        }
        for (std::uint32_t index = 0; index < spec.count.value_or(0); ++index) {
            const auto uuid =
                mdev_uuid(inventory_.host.machine_id, parent_name(), spec.type, index);
            if (!uuid) {
                deny(ReasonCode::kDriverDenies,
                     "a count of mdevs is named after the machine-id, which this host lacks", {});
                return;
            }
            add_one(spec, *uuid);
        }
    }

    MissingMdevs finish() {
        if (!parent_.mdev_types.empty())
            check_instances();
        return std::move(result_);
    }

  private:
    /// A css subchannel offers its types only when it is bound to vfio_ccw.
    static bool will_become_parent(const Member& member) {
        return member.rule().driver &&
               member.rule().driver->kind == DriverAction::ActionKind::kChain;
    }

    std::string parent_name() const {
        return parent_.mdev_parent_name.empty() ? parent_.id.name : parent_.mdev_parent_name;
    }

    void add_one(const MdevSpec& spec, const std::string& uuid) {
        const sysfs::Device* existing = inventory_.find({"mdev", uuid});
        const bool as_wanted = existing != nullptr && existing->mdev &&
                               existing->mdev->parent == parent_name() &&
                               existing->mdev->type == spec.type;
        const bool lost = as_wanted && has_lost_driver(*existing);
        if (existing == nullptr || lost) {
            MdevSpec one = spec;
            one.uuid = uuid;
            one.count.reset();
            if (one.type == kApPassthrough && has_ap_config(inventory_.host.kernel))
                if (auto matrix = ap_config(one.attrs))
                    one.attrs = {{"ap_config", *std::move(matrix)}};
            if (lost)
                result_.lost.push_back(one);
            result_.missing.push_back(std::move(one));
            return;
        }
        const auto& state = existing->mdev;
        if (state && !as_wanted)
            deny(ReasonCode::kDriverDenies, "the UUID of a wanted mdev is taken",
                 uuid + " is of type " + state->type + " on " + state->parent);
    }

    void check_instances() {
        std::map<std::string, std::uint32_t> wanted;
        for (const MdevSpec& spec : result_.missing)
            ++wanted[spec.type];
        for (const MdevSpec& spec : result_.lost)
            --wanted[spec.type];  // its instance is free again by then
        for (const auto& [type, count] : wanted)
            check_type(type, count);
    }

    void check_type(const std::string& type, std::uint32_t count) {
        const auto& types = parent_.mdev_types;
        const auto offered = std::find_if(types.begin(), types.end(),
                                          [&](const auto& each) { return each.id == type; });
        if (offered == types.end())
            deny(ReasonCode::kDriverDenies, "offers no mdev type " + type, offered_types(parent_));
        else if (offered->available < count)
            deny(
                ReasonCode::kDriverDenies, "has too few instances of mdev type " + type + " left",
                std::to_string(count) + " wanted, " + std::to_string(offered->available) + " left");
    }

    void deny(ReasonCode code, std::string text, std::optional<std::string> evidence) {
        result_.reasons.push_back(
            make_reason(code, parent_.id, std::move(text), std::move(evidence)));
    }

    const sysfs::Device& parent_;
    const sysfs::Inventory& inventory_;
    MissingMdevs result_;
};

/// A VF that its vendor's driver turns into a virtual GPU: one, of one type, without a UUID.
class VgpuPlanner {
  public:
    explicit VgpuPlanner(const sysfs::Device& vf) : vf_(vf) {}

    MissingMdevs plan(const std::vector<MdevSpec>& specs) {
        const MdevSpec& spec = specs.front();
        if (specs.size() > 1 || spec.count.value_or(1) > 1)
            deny("can be one virtual GPU at a time", "ask for one, with count: 1");
        else if (spec.uuid)
            deny("has a virtual GPU without a UUID", "ask for it with count: 1");
        else if (vf_.vgpu->type == spec.type)
            return {};
        else if (!vf_.vgpu->type.empty())
            deny("is a virtual GPU already", "of type " + vf_.vgpu->type);
        else if (!sysfs::parse_vgpu_type(spec.type) || !is_offered(spec.type))
            deny("cannot become a virtual GPU of type " + spec.type, offered_types(vf_));
        else
            add_missing(spec);
        return std::move(result_);
    }

  private:
    bool is_offered(const std::string& type) const {
        return std::any_of(vf_.mdev_types.begin(), vf_.mdev_types.end(),
                           [&](const sysfs::MdevType& each) { return each.id == type; });
    }

    void add_missing(MdevSpec spec) {
        spec.count.reset();
        result_.missing.push_back(std::move(spec));
    }

    void deny(std::string text, std::string evidence) {
        result_.reasons.push_back(
            make_reason(ReasonCode::kDriverDenies, vf_.id, std::move(text), std::move(evidence)));
    }

    const sysfs::Device& vf_;
    MissingMdevs result_;
};

}  // namespace

std::optional<std::string> mdev_uuid(const std::string& machine_id, const std::string& parent,
                                     const std::string& type, std::uint32_t index) {
    uuid_t space;
    if (!parse_machine_id(machine_id, space))
        return std::nullopt;
    const std::string name = parent + "/" + type + "/" + std::to_string(index);
    uuid_t uuid;
    ::uuid_generate_sha1(uuid, space, name.c_str(), name.size());
    std::array<char, 37> text{};
    ::uuid_unparse_lower(uuid, text.data());
    return std::string(text.data());
}

bool has_lost_driver(const sysfs::Device& device) {
    return device.mdev && !device.driver && !device.vfio;
}

MissingMdevs find_missing_mdevs(const Member& member, const sysfs::Inventory& inventory) {
    if (member.rule().mdevs.empty())
        return {};
    if (member.device->vgpu)
        return VgpuPlanner(*member.device).plan(member.rule().mdevs);
    MdevPlanner planner(member, inventory);
    for (const MdevSpec& spec : member.rule().mdevs)
        planner.add(spec);
    return planner.finish();
}

}  // namespace policy
