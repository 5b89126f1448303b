// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/record.hpp"

#include <ramal/error.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ramal::test {
namespace {

using detail::EndingRecord;

class RecordTest : public ::testing::Test {
 protected:
  RecordTest() {
    std::string folder = ::testing::TempDir() + "ramal-record-XXXXXX";
    folder_ = mkdtemp(folder.data());
    file_ = folder_ + "/record.json";
  }
  ~RecordTest() override { std::filesystem::remove_all(folder_); }
  std::string text() const {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string folder_, file_;
};

TEST_F(RecordTest, SaysHowTheRunEnded) {
  const EndingRecord record(file_);
  EXPECT_FALSE(std::filesystem::exists(file_)) << "there is none before the end";
  EXPECT_TRUE(record.write({.status = 3,
                            .ranks = 4,
                            .hosts = 2,
                            .threads = 8,
                            .tasks = 12345678901,
                            .stolen = 17,
                            .stolen_bytes = 4096,
                            .elapsed_seconds = 1.5}));
  EXPECT_EQ(text(),
            "{\"status\": 3, \"ranks\": 4, \"hosts\": 2, \"threads\": 8, \"tasks\": 12345678901, "
            "\"stolen\": 17, \"stolen_bytes\": 4096, \"elapsed_seconds\": 1.500000}\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "nothing else is left";
}

TEST_F(RecordTest, RemovesAnOlderOneAtTheStart) {
  std::ofstream(file_) << "an older run's";
  const EndingRecord record(file_);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(RecordTest, RefusesAPlaceWhereNoFileCanBeMadeAtTheStart) {
  EXPECT_THROW(EndingRecord(folder_ + "/no/such/folder/record"), OptionError);
  EXPECT_THROW(EndingRecord{folder_}, OptionError) << "a folder";
}

TEST_F(RecordTest, TellsWhenItCannotBeWrittenAtTheEnd) {
  const EndingRecord record(file_);
  std::filesystem::remove_all(folder_);
  EXPECT_FALSE(record.write({}));
}

TEST_F(RecordTest, IsNotKeptUnlessAskedFor) { EXPECT_TRUE(EndingRecord("").write({})); }

}  // namespace
}  // namespace ramal::test
