// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/eeh.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/unit/vfio/fixture/device_calls.hpp"

namespace vfio {
namespace {

/// A SPAPR container's EEH (drivers/vfio/vfio_spapr_eeh.c): one endpoint and its states.
class EehCalls : public DeviceCalls {
  public:
    unsigned offered = 1;
    bool has_endpoint = true;
    bool enabled = false;
    abi::EehState state = abi::EehState::kNormal;
    std::uint32_t last_size = 0;
    abi::EehPeErr injected{};

    int group(const GroupFd&, abi::GroupCall, Argument) override { return 0; }
    int container(const ContainerFd&, abi::ContainerCall call, Argument argument) override {
        if (call == abi::ContainerCall::kCheckExtension)
            return static_cast<int>(argument.value() == 5 ? offered : 1);
        if (call == abi::ContainerCall::kEehPeOp)
            return operate(reinterpret_cast<void*>(argument.value()));
        return 0;
    }

  private:
    int operate(const void* argument) {
        abi::EehPeOp op{};
        std::memcpy(&op, argument, abi::kEehPeOpSmallSize);
        last_size = op.argsz;
        if (op.argsz < abi::kEehPeOpSmallSize || op.flags != 0)
            return -EINVAL;
        if (!has_endpoint)
            return -ENODEV;
        if (op.op == abi::EehOp::kInjectErr && op.argsz < sizeof op)
            return -EINVAL;
        if (op.op != abi::EehOp::kEnable && !enabled)
            return -ENOENT;
        return change(op.op, argument);
    }
    int change(abi::EehOp op, const void* argument) {
        switch (op) {
            case abi::EehOp::kDisable:
                enabled = false;
                return 0;
            case abi::EehOp::kEnable:
                enabled = true;
                return 0;
            case abi::EehOp::kUnfreezeIo:
                state = abi::EehState::kStoppedDma;
                return 0;
            case abi::EehOp::kUnfreezeDma:
            case abi::EehOp::kResetDeactivate:
                state = abi::EehState::kNormal;
                return 0;
            case abi::EehOp::kGetState:
                return static_cast<int>(state);
            case abi::EehOp::kResetHot:
            case abi::EehOp::kResetFundamental:
                state = abi::EehState::kReset;
                return 0;
            case abi::EehOp::kConfigure:
                return 0;
            case abi::EehOp::kInjectErr: {
                abi::EehPeOp whole{};
                std::memcpy(&whole, argument, sizeof whole);
                injected = whole.err;
                state = abi::EehState::kStopped;
                return 0;
            }
        }
        return -EINVAL;
    }
};

struct EehControl : testing::Test {
    EehCalls calls;
    Container container{calls, ContainerFd(), abi::Extension::kSpaprTceV2};
    GroupFd group;

    void attach() { ASSERT_TRUE(container.add(group, "/dev/vfio/1")); }
    template <typename T>
    static std::string failure(const Result<T>& result) {
        return result ? "no failure" : result.error().text() + " [" + result.error().hint + "]";
    }
};

TEST_F(EehControl, RecoversAnEndpointThatFails) {
    attach();
    auto eeh = Eeh::enable(container, "0000:01:00.0");
    ASSERT_TRUE(eeh) << failure(eeh);
    EXPECT_EQ(calls.last_size, abi::kEehPeOpSmallSize);
    EXPECT_EQ(eeh->state().value(), abi::EehState::kNormal);
    ASSERT_TRUE(eeh->inject({.type = 1, .func = 6, .addr = 0x8000, .mask = 0xfff}));
    EXPECT_EQ(calls.last_size, sizeof(abi::EehPeOp));
    EXPECT_EQ(calls.injected.func, 6U);
    EXPECT_EQ(calls.injected.mask, 0xfffU);
    EXPECT_EQ(eeh->state().value(), abi::EehState::kStopped);
    ASSERT_TRUE(eeh->unfreeze_io());
    EXPECT_EQ(eeh->state().value(), abi::EehState::kStoppedDma);
    ASSERT_TRUE(eeh->unfreeze_dma());
    EXPECT_EQ(eeh->state().value(), abi::EehState::kNormal);
    ASSERT_TRUE(eeh->assert_reset(Eeh::Reset::kFundamental));
    EXPECT_EQ(eeh->state().value(), abi::EehState::kReset);
    ASSERT_TRUE(eeh->deassert_reset());
    ASSERT_TRUE(eeh->configure());
    EXPECT_EQ(eeh->state().value(), abi::EehState::kNormal);
    ASSERT_TRUE(eeh->disable());
    EXPECT_EQ(failure(eeh->state()),
              "0000:01:00.0: EEH state: No such file or directory [EEH was not enabled]");
}

TEST_F(EehControl, NotOfferedIsUnsupported) {
    calls.offered = 0;
    attach();
    const auto eeh = Eeh::enable(container, "0000:01:00.0");
    EXPECT_EQ(failure(eeh), "0000:01:00.0: EEH enable: this container has no EEH []");
    EXPECT_EQ(eeh.error().code, Code::kUnsupported);
}

TEST_F(EehControl, DeviceWithoutAnEndpointIsUnsupported) {
    calls.has_endpoint = false;
    attach();
    const auto eeh = Eeh::enable(container, "0000:01:00.0");
    EXPECT_EQ(failure(eeh),
              "0000:01:00.0: EEH enable: No such device "
              "[the platform has no EEH for this device]");
    EXPECT_EQ(eeh.error().code, Code::kUnsupported);
}

// The kernel answers with the first group's state that is not 0, which can be that of either.
TEST_F(EehControl, TwoGroupsAreRefused) {
    attach();
    auto eeh = Eeh::enable(container, "0000:01:00.0");
    ASSERT_TRUE(eeh);
    ASSERT_TRUE(container.add(group, "/dev/vfio/2"));
    const auto state = eeh->state();
    EXPECT_EQ(failure(state),
              "0000:01:00.0: EEH state: the container has 2 groups and EEH's answer would be any "
              "of theirs [give the device a container of its own]");
    EXPECT_EQ(state.error().code, Code::kRefused);
}

TEST_F(EehControl, StatesHaveNames) {
    EXPECT_EQ(eeh_state_name(abi::EehState::kStoppedDma), "stopped, DMA off");
    EXPECT_EQ(eeh_state_name(static_cast<abi::EehState>(3)), "state 3");
}

}  // namespace
}  // namespace vfio
