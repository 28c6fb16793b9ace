// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/eeh.hpp"

#include <cerrno>

#include "base/name_table.hpp"
#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

constexpr base::NameTable<abi::EehOp::kInjectErr> kOpTexts{
    "EEH disable",      "EEH enable",    "EEH unfreeze I/O",      "EEH unfreeze DMA", "EEH state",
    "EEH end of reset", "EEH hot reset", "EEH fundamental reset", "EEH configure",    "EEH inject"};

const char* op_text(abi::EehOp op) {
    return kOpTexts[op];
}

constexpr ErrnoHint kEehHints[] = {
    {ENODEV, "the platform has no EEH for this device"},
    {ENOTTY, "only SPAPR containers have EEH"},
    {ENOENT, "EEH was not enabled"},
};

/// There is no 3.
constexpr base::NameTable<abi::EehState::kUnavailable> kEehStateNames{
    "normal", "reset", "stopped", "", "stopped, DMA off", "unavailable"};

}  // namespace

std::string eeh_state_name(abi::EehState state) {
    const std::string known = kEehStateNames[state];
    return !known.empty() ? known : "state " + std::to_string(static_cast<std::uint32_t>(state));
}

Result<int> Eeh::call(abi::EehOp op, const std::optional<abi::EehPeErr>& fault) const {
    if (container_->groups() != 1)
        return base::fail(Code::kRefused, op_text(op), name_,
                          "the container has " + std::to_string(container_->groups()) +
                              " groups and EEH's answer would be any of theirs",
                          "give the device a container of its own");
    abi::EehPeOp request{};
    request.argsz = fault ? sizeof request : abi::kEehPeOpSmallSize;
    request.op = op;
    if (fault)
        request.err = *fault;
    const int answer = container_->call(abi::ContainerCall::kEehPeOp, &request);
    if (answer >= 0)
        return answer;
    auto failed = fail_call(-answer, op_text(op), name_, find_hint(kEehHints, -answer));
    if (answer == -ENODEV)
        failed.value().code = Code::kUnsupported;
    return failed;
}

Result<void> Eeh::run(abi::EehOp op) {
    TRY(call(op, std::nullopt));
    return {};
}

Result<Eeh> Eeh::enable(Container& container, const std::string& name) {
    const auto offered = TRY(container.check(abi::Extension::kEeh));
    if (offered == 0)
        return base::fail(Code::kUnsupported, op_text(abi::EehOp::kEnable), name,
                          "this container has no EEH");
    Eeh eeh(container, name);
    TRY(eeh.run(abi::EehOp::kEnable));
    return eeh;
}

Result<void> Eeh::disable() {
    return run(abi::EehOp::kDisable);
}

Result<abi::EehState> Eeh::state() const {
    const auto answer = TRY(call(abi::EehOp::kGetState, std::nullopt));
    return static_cast<abi::EehState>(answer);
}

Result<void> Eeh::unfreeze_io() {
    return run(abi::EehOp::kUnfreezeIo);
}
Result<void> Eeh::unfreeze_dma() {
    return run(abi::EehOp::kUnfreezeDma);
}
Result<void> Eeh::assert_reset(Reset kind) {
    return run(kind == Reset::kHot ? abi::EehOp::kResetHot : abi::EehOp::kResetFundamental);
}
Result<void> Eeh::deassert_reset() {
    return run(abi::EehOp::kResetDeactivate);
}
Result<void> Eeh::configure() {
    return run(abi::EehOp::kConfigure);
}

Result<void> Eeh::inject(const abi::EehPeErr& fault) {
    TRY(call(abi::EehOp::kInjectErr, fault));
    return {};
}

}  // namespace vfio
