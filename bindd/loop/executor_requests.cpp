// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/executor_requests.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "binding/codec/messages.hpp"

namespace bindd {

using base::Result;
using binding::Message;

namespace {

/// What the replies to one request amount to, until it ends.
template <typename T>
struct Answer {
    T value{};
    std::optional<base::Error> error;

    Result<T> finish(const Result<void>& ended) {
        if (!ended)
            return base::propagate(ended);
        if (error)
            return tl::unexpected<base::Error>(*error);
        return std::move(value);
    }
};

template <typename T>
void send(ExecutorClient& executor, Message request,
          std::function<void(Answer<T>&, Message)> on_reply, std::function<void(Result<T>)> done) {
    const auto answer = std::make_shared<Answer<T>>();
    executor.send(
        std::move(request),
        [answer, on_reply = std::move(on_reply)](Message reply) {
            on_reply(*answer, std::move(reply));
        },
        [answer, done = std::move(done)](const Result<void>& ended) {
            done(answer->finish(ended));
        });
}

void take_scan(Answer<View::ScanResult>& answer, Message reply) {
    View::ScanResult& result = answer.value;
    if (auto* found = std::get_if<binding::DeviceFound>(&reply))
        result.devices.push_back(std::move(found->device));
    else if (auto* context = std::get_if<binding::ContextFound>(&reply))
        result.context = std::move(context->context);
    else if (auto* drivers = std::get_if<binding::DriversFound>(&reply))
        result.drivers = std::move(drivers->drivers);
    else
        answer.error = binding::unexpected_message(reply);
}

/// Each notice as an input of the controller; any other message violates the protocol.
struct NoticeReader {
    Input operator()(binding::Warning& warning) const { return ExecutorWarned{warning.text}; }
    Input operator()(binding::RecoveryEnded& ended) const {
        return RecoveryProgressed{
            .txn = ended.txn, .result = ended.result, .note = ended.note, .journal = {}};
    }
    Input operator()(binding::TransactionInterrupted& interrupted) const {
        return InterruptedFound{std::move(interrupted.begin)};
    }
    Input operator()(binding::ReadStuck& stuck) const {
        return ReadHung{.name = stuck.name, .devices = std::move(stuck.devices), .journal = {}};
    }
    template <typename Other>
    Input operator()(const Other& other) const {
        return ProtocolViolated{binding::unexpected_message(other)};
    }
};

}  // namespace

void send_scan(ExecutorClient& executor, const StartHostScan& scan,
               std::function<void(Result<View::ScanResult>)> done) {
    send<View::ScanResult>(executor, binding::ScanHost{scan.wanted}, take_scan, std::move(done));
}

void send_scan(ExecutorClient& executor, const StartDeviceScan& scan,
               std::function<void(Result<View::ScanResult>)> done) {
    send<View::ScanResult>(executor, binding::ScanDevices{scan.devices, scan.wanted, scan.drivers},
                           take_scan, std::move(done));
}

void send_usage_query(ExecutorClient& executor, const StartUsageQuery& query,
                      std::function<void(Result<sysfs::Usage>)> done) {
    send<sysfs::Usage>(
        executor, binding::QueryUsage{query.devices},
        [](Answer<sysfs::Usage>& answer, Message reply) {
            if (auto* found = std::get_if<binding::UsageFound>(&reply))
                answer.value = std::move(found->usage);
            else
                answer.error = binding::unexpected_message(reply);
        },
        std::move(done));
}

void send_transaction(ExecutorClient& executor, const StartTransaction& transaction,
                      std::function<void(const std::string& step)> on_progress,
                      std::function<void(Result<binding::TransactionEnded>)> done) {
    send<binding::TransactionEnded>(
        executor,
        binding::ExecuteTransaction{transaction.actor, transaction.action, transaction.timeout,
                                    transaction.transaction},
        [on_progress = std::move(on_progress)](Answer<binding::TransactionEnded>& answer,
                                               Message reply) {
            if (auto* step = std::get_if<binding::StepStarted>(&reply))
                on_progress(step->text);
            else if (auto* ended = std::get_if<binding::TransactionEnded>(&reply))
                answer.value = std::move(*ended);
            else
                answer.error = binding::unexpected_message(reply);
        },
        std::move(done));
}

void send_forget(ExecutorClient& executor, const StartForget& forget, std::function<void()> done) {
    executor.send(binding::ForgetDevices{forget.devices}, {},
                  [done = std::move(done)](const Result<void>&) { done(); });
}

Input to_input(binding::Message notice) {
    return std::visit(NoticeReader{}, notice);
}

}  // namespace bindd
