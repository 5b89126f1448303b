// SPDX-License-Identifier: BSD-3-Clause
// What `run` says and returns, where no MPI is needed for it.
#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>

namespace ramal::test {
namespace {

int run_returning(int status, const Options& options) {
  return run(
      0, nullptr, [status](Session&) { return status; }, options);
}

std::ptrdiff_t times(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator());
}

TEST(FirstLines, AreSaidOnceAProcess) {
  setenv("RAMAL_THREAD", "4", 1);
  setenv("RAMAL_HOME", "/somewhere", 1);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_returning(0, {.scheduler = "serial", .warnings = "off"}), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  for (const char* scheduler : {"inprocess", "serial", "inprocess"})
    EXPECT_EQ(run_returning(0, {.scheduler = scheduler}), 0);
  const std::string said = ::testing::internal::GetCapturedStderr();
  unsetenv("RAMAL_THREAD");
  unsetenv("RAMAL_HOME");
  EXPECT_EQ(times(said, "ramal [0-9.]*: "), 1) << said;
  EXPECT_EQ(times(said, "warning: set, but no options of Ramal: .*RAMAL_HOME"), 1) << said;
  EXPECT_EQ(times(said, "RAMAL_THREAD .did you mean RAMAL_THREADS"), 1) << said;
}

TEST(ExitStatus, IsNotTakenForSuccessWhereItIsNot) {
  for (const char* scheduler : {"serial", "inprocess"}) {
    const std::string record = ::testing::TempDir() + "exit_status_" + scheduler + ".json";
    for (const auto& [returned, expected] :
         std::map<int, int>{{0, 0}, {1, 1}, {7, 7}, {256, 1}, {257, 257}, {-512, 1}, {65536, 1}}) {
      EXPECT_EQ(run_returning(returned, {.scheduler = scheduler, .record = record}), expected);
      std::string start;
      std::getline(std::ifstream(record), start, ',');
      EXPECT_EQ(start, "{\"status\": " + std::to_string(expected));
    }
  }
}

}  // namespace
}  // namespace ramal::test
