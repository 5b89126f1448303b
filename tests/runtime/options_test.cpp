// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/options.hpp"

#include <ramal/error.hpp>
#include <ramal/options.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace ramal {
namespace {

std::string message(const char* name, const char* text) {
  setenv(name, text, 1);
  std::string found;
  try {
    Options::from_environment({});
  } catch (const OptionError& error) {
    found = error.what();
  }
  unsetenv(name);
  return found;
}

TEST(Options, TheEnvironmentWins) {
  setenv("RAMAL_THREADS", "3", 1);
  setenv("RAMAL_SCHEDULER", "serial", 1);
  const auto options = Options::from_environment({.threads = 7, .credits = 9});
  unsetenv("RAMAL_THREADS");
  unsetenv("RAMAL_SCHEDULER");
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.scheduler, "serial");
  EXPECT_EQ(options.credits, 9);
}

TEST(Options, ABadOneIsNamedWithWhatIsAllowed) {
  EXPECT_EQ(message("RAMAL_THREADS", "many"),
            "ramal: RAMAL_THREADS: expected a whole number from 0 to 4096, found 'many'");
  EXPECT_EQ(message("RAMAL_THREADS", "-1"),
            "ramal: RAMAL_THREADS: expected a whole number from 0 to 4096, found '-1'");
  EXPECT_EQ(message("RAMAL_THREADS", "4x"),
            "ramal: RAMAL_THREADS: expected a whole number from 0 to 4096, found '4x'");
  EXPECT_EQ(message("RAMAL_SCHEDULER", "dask"),
            "ramal: RAMAL_SCHEDULER: expected one of mpi, inprocess, serial, found 'dask'");
  EXPECT_EQ(message("RAMAL_PROGRESS", ""), "ramal: RAMAL_PROGRESS: expected one of auto, thread, found ''");
}

TEST(Options, AnUnknownOneIsNoErrorAndIsNamedWithWhatWasProbablyMeant) {
  for (const auto& [variable, expected] : std::map<std::string, std::string>{
           {"RAMAL_THREAD", "RAMAL_THREAD (did you mean RAMAL_THREADS?)"},
           {"RAMAL_THRAEDS", "RAMAL_THRAEDS (did you mean RAMAL_THREADS?)"},
           {"RAMAL_NUM_THREADS", "RAMAL_NUM_THREADS (did you mean RAMAL_THREADS?)"},
           {"RAMAL_threads", "RAMAL_threads (did you mean RAMAL_THREADS?)"},
           {"RAMAL_MEMORY", "RAMAL_MEMORY (did you mean RAMAL_MEMORY_BYTES?)"},
           {"RAMAL_SHEDULER", "RAMAL_SHEDULER (did you mean RAMAL_SCHEDULER?)"},
           {"RAMAL_HOME", "RAMAL_HOME"},
           {"RAMAL_FILE", "RAMAL_FILE"},
           {"RAMAL_", "RAMAL_"},
           {"RAMAL_THREADS", ""},
           {"RAMAL_PROGRAM", ""},
           {"RAMAL_ROOT", ""},
           {"RAMALX", ""}}) {
    EXPECT_EQ(message(variable.c_str(), "4"), "");
    setenv(variable.c_str(), "4", 1);
    EXPECT_EQ(detail::unknown_variables(), expected);
    unsetenv(variable.c_str());
  }
}

TEST(Options, BytesMayHaveAUnit) {
  for (const auto& [text, expected] : std::map<std::string, std::uint64_t>{
           {"0", 0}, {"4096", 4096}, {"3K", 3 << 10}, {"512M", 512 << 20}, {"2T", std::uint64_t{2} << 40}}) {
    setenv("RAMAL_MEMORY_BYTES", text.c_str(), 1);
    EXPECT_EQ(Options::from_environment({}).memory_bytes, expected) << text;
    unsetenv("RAMAL_MEMORY_BYTES");
  }
  for (const char* text : {"4X", "4KK", "G", "", "-1", "9999999T", "4 G", "2.5G"}) {
    const auto said = message("RAMAL_MEMORY_BYTES", text);
    EXPECT_NE(said.find("RAMAL_MEMORY_BYTES: expected bytes from 0 to "), std::string::npos) << text << said;
  }
}

TEST(Options, TheProgramsOwnAreChecked) {
  EXPECT_THROW(Options::from_environment({.threads = -2}), OptionError);
  EXPECT_THROW(Options::from_environment({.scheduler = "threads"}), OptionError);
  EXPECT_THROW(Options::from_environment({.piece_bytes = 7}), OptionError);
}

}  // namespace
}  // namespace ramal
