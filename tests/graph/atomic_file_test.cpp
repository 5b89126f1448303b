// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/atomic_file.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <unistd.h>

namespace ramal::detail {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public testing::Test {
 protected:
  AtomicFileTest() { fs::create_directories(folder_); }
  ~AtomicFileTest() override { fs::remove_all(folder_); }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  /// The error that the call ends with.
  template <class Call>
  static std::pair<int, std::string> error_of(const Call& call) {
    try {
      call();
    } catch (const std::system_error& error) {
      return {error.code().value(), error.what()};
    }
    return {};
  }

 private:
  const fs::path folder_ = fs::path(testing::TempDir()) / ("atomic_file_" + std::to_string(getpid()));
};

TEST_F(AtomicFileTest, IsThereWhenPublished) {
  AtomicFile file(in("a"));
  file.write("first\nsecond");
  EXPECT_FALSE(fs::exists(in("a")));
  EXPECT_EQ(text_of(in("a.part")), "first\nsecond");
  file.publish();
  EXPECT_EQ(text_of(in("a")), "first\nsecond");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, LeavesTheOldOneUntilThen) {
  std::ofstream(in("a")) << "old";
  { AtomicFile(in("a")).write("half of the ne"); }
  EXPECT_EQ(text_of(in("a")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(AtomicFileTest, OverwritesWhatWasLeftUnlessAlone) {
  std::ofstream(in("a.part")) << "what a killed program left, and more of it";
  const auto [error, text] = error_of([this] { AtomicFile(in("a")).make(true); });
  EXPECT_EQ(error, EEXIST);
  EXPECT_EQ(text.find(in("a.part") + ": "), 0u) << text;
  EXPECT_TRUE(fs::exists(in("a.part"))) << "it is somebody else's";
  AtomicFile file(in("a"));
  file.write("short");
  file.publish();
  EXPECT_EQ(text_of(in("a")), "short");
}

TEST_F(AtomicFileTest, OthersMayWriteIntoIt) {
  AtomicFile file(in("a.svg"), "-1.dot");
  EXPECT_EQ(file.part(), in("a.svg.part-1.dot"));
  file.make(true);
  std::ofstream(file.part()) << "by name";
  file.publish();
  EXPECT_EQ(text_of(in("a.svg")), "by name");
}

TEST_F(AtomicFileTest, ErrorsNameTheFile) {
  const auto [made, no_folder] = error_of([this] { AtomicFile(in("none/a")).write("x"); });
  EXPECT_EQ(made, ENOENT);
  EXPECT_EQ(no_folder, in("none/a.part") + ": No such file or directory");
  fs::create_directories(in("folder"));
  const auto [named, is_folder] = error_of([this] {
    AtomicFile file(in("folder"));
    file.write("x");
    file.publish();
  });
  EXPECT_EQ(named, EISDIR);
  EXPECT_EQ(is_folder.find(in("folder") + ": "), 0u) << is_folder;
  EXPECT_EQ(files(), 1u) << "what could not be named is removed";
}

TEST_F(AtomicFileTest, TellsOfAFullDisk) {
  if (!fs::exists("/dev/full")) GTEST_SKIP();
  fs::create_symlink("/dev/full", in("a.part"));
  EXPECT_EQ(error_of([this] { AtomicFile(in("a")).write("x"); }).first, ENOSPC);
  EXPECT_EQ(files(), 0u);
}

}  // namespace
}  // namespace ramal::detail
