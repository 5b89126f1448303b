// SPDX-License-Identifier: BSD-3-Clause
#include "graph/fft/plans.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace ramal::detail {

std::mutex& planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

template <class Real>
LinePlan<Real>::LinePlan(LineTransform kind, std::int64_t n, void* from, void* to)
    : plan_(Fftw<Real>::plan(kind, n, from, to)) {
  if (plan_ == nullptr)
    throw std::runtime_error("ramal: FFTW has no plan for lines of " + std::to_string(n) + " elements");
}
template <class Real>
LinePlan<Real>::~LinePlan() {
  const std::lock_guard lock(planner_mutex());
  Fftw<Real>::destroy(plan_);
}

namespace {

template <class Real>
struct Known {
  LineTransform kind;
  std::int64_t n;
  std::shared_ptr<const LinePlan<Real>> plan;
};
/// The last used first. Whoever looks holds the planner's mutex.
template <class Real>
std::list<Known<Real>>& known_plans() {
  planner_mutex();  // which is to be destroyed after the plans
  static std::list<Known<Real>> plans;
  return plans;
}

}  // namespace

template <class Real>
std::shared_ptr<const LinePlan<Real>> line_plan(LineTransform kind, std::int64_t n, void* from, void* to) {
  constexpr std::size_t most_kept = 64;
  std::list<Known<Real>>& plans = known_plans<Real>();
  std::list<Known<Real>> dropped;  // destroyed when the mutex is free again
  const std::lock_guard lock(planner_mutex());
  const auto found = std::ranges::find_if(
      plans, [&](const Known<Real>& known) { return known.kind == kind && known.n == n; });
  if (found != plans.end()) {
    plans.splice(plans.begin(), plans, found);
  } else {
    plans.push_front({kind, n, std::make_shared<LinePlan<Real>>(kind, n, from, to)});
  }
  if (plans.size() > most_kept) dropped.splice(dropped.begin(), plans, std::prev(plans.end()));
  return plans.front().plan;
}

template class LinePlan<double>;
template class LinePlan<float>;
template std::shared_ptr<const LinePlan<double>> line_plan(LineTransform, std::int64_t, void*, void*);
template std::shared_ptr<const LinePlan<float>> line_plan(LineTransform, std::int64_t, void*, void*);

}  // namespace ramal::detail
