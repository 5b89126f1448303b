// SPDX-License-Identifier: BSD-3-Clause
// visualize: whole pictures, or an error that names the file and leaves nothing behind.
#include <ramal/ramal.hpp>
#include <ramal/visualize.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace ramal::test {
namespace {

namespace fs = std::filesystem;

long inc(long x) { return x + 1; }
long dec(long x) { return x - 1; }
long add(long x, long y) { return x + y; }

Delayed<long> three_tasks() { return delayed<add>(delayed<inc>(1), delayed<dec>(2)); }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}
std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file << " cannot be read";
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
bool has_dot() {
  std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((folder + "/dot").c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// A folder of its own for each test, and the PATH as it was afterwards.
class VisualizeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "ramal-visualize-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    if (const char* path = std::getenv("PATH")) path_ = path;
  }
  void TearDown() override {
    setenv("PATH", path_.c_str(), 1);
    fs::remove_all(folder_);
  }
  fs::path in(const std::string& name) const { return folder_ / name; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  using Names = std::vector<std::string>;

  /// From here on this is all there is for Graphviz.
  void pretend_dot_is(const std::string& script) {
    fs::create_directory(in("bin"));
    write(in("bin/dot"), "#!/bin/sh\n" + script);
    fs::permissions(in("bin/dot"), fs::perms::owner_all);
    setenv("PATH", in("bin").c_str(), 1);
  }
  template <class Error>
  static std::string error_of(const fs::path& file, const VisualizeOptions& options = {}) {
    try {
      visualize(three_tasks(), file, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing thrown";
  }

 private:
  fs::path folder_;
  std::string path_;
};

// --- pictures --------------------------------------------------------------------------------------------
TEST_F(VisualizeTest, DotIsTheText) {
  setenv("PATH", "", 1);  // needs no program
  visualize(three_tasks(), in("graph.dot"), {.rankdir = "LR"});
  const std::string text = read(in("graph.dot"));
  EXPECT_TRUE(has(text, "digraph"));
  EXPECT_TRUE(has(text, "rankdir=LR"));
  for (const char* name : {"inc", "dec", "add"}) EXPECT_TRUE(has(text, name)) << name;
  EXPECT_EQ(files(), (Names{"graph.dot"}));
}

TEST_F(VisualizeTest, SvgHasACircleForEachTaskAndABoxForEachResult) {
  if (!has_dot()) GTEST_SKIP() << "Graphviz is not installed";
  visualize(three_tasks(), in("graph.svg"));
  const std::string text = read(in("graph.svg"));
  EXPECT_TRUE(has(text, "<svg"));
  EXPECT_TRUE(has(text, "</svg>"));
  EXPECT_EQ(count(text, "<ellipse"), 3u);
  EXPECT_EQ(count(text, "class=\"node\""), 6u);
  EXPECT_EQ(count(text, "class=\"edge\""), 5u);
  EXPECT_EQ(count(text, "<polygon"), 1u + 3u + 5u) << "the background, boxes and arrow heads";
  for (const char* name : {">inc<", ">dec<", ">add<"}) EXPECT_TRUE(has(text, name)) << name;
  EXPECT_EQ(files(), (Names{"graph.svg"}));
}

TEST_F(VisualizeTest, PngAndPdfBeginAsTheyShould) {
  if (!has_dot()) GTEST_SKIP() << "Graphviz is not installed";
  visualize(three_tasks(), in("graph.png"));
  visualize(three_tasks(), in("graph.pdf"));
  EXPECT_TRUE(read(in("graph.png")).starts_with("\x89PNG\r\n\x1a\n"));
  EXPECT_TRUE(read(in("graph.pdf")).starts_with("%PDF-"));
  EXPECT_EQ(files(), (Names{"graph.pdf", "graph.png"}));
}

TEST_F(VisualizeTest, DrawsSeveralTargets) {
  if (!has_dot()) GTEST_SKIP() << "Graphviz is not installed";
  visualize(std::vector{delayed<inc>(1), delayed<dec>(2)}, in("graph.svg"));
  EXPECT_EQ(count(read(in("graph.svg")), "<ellipse"), 2u);
}

TEST_F(VisualizeTest, AnOldPictureIsReplaced) {
  write(in("graph.dot"), "old");
  visualize(three_tasks(), in("graph.dot"));
  EXPECT_TRUE(has(read(in("graph.dot")), "digraph"));
}

TEST_F(VisualizeTest, FilesMayHaveAnyName) {
  if (!has_dot()) GTEST_SKIP() << "Graphviz is not installed";
  for (const char* name :
       {"with space.svg", "-o.svg", "; rm -rf x.svg", "$(echo).svg", "größer.svg", "it's \"it\".svg"}) {
    visualize(three_tasks(), in(name));
    EXPECT_TRUE(has(read(in(name)), "<svg")) << name;
  }
  EXPECT_EQ(files().size(), 6u);
}

TEST_F(VisualizeTest, ANameWithoutAFolderIsInTheCurrentOne) {
  if (!has_dot()) GTEST_SKIP() << "Graphviz is not installed";
  const fs::path before = fs::current_path();
  fs::current_path(in(""));
  visualize(three_tasks(), "-graph.svg");
  fs::current_path(before);
  EXPECT_EQ(files(), (Names{"-graph.svg"}));
}

TEST_F(VisualizeTest, DrawingRunsNothingAndChangesNothing) {
  const auto target = three_tasks();
  visualize(target, in("first.dot"));
  visualize(target, in("second.dot"));
  EXPECT_EQ(read(in("first.dot")), read(in("second.dot")));
}

TEST_F(VisualizeTest, SaysWhatItCollapsed) {
  std::vector<Delayed<long>> many;
  for (int i = 0; i < 100; ++i) many.push_back(delayed<inc>(i));
  testing::internal::CaptureStderr();
  visualize(many, in("large.dot"), {.most_nodes = 10});
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(has(said, in("large.dot").string())) << said;
  EXPECT_TRUE(has(said, "collapsed") && has(said, "100 tasks") && has(said, "10")) << said;
  EXPECT_EQ(count(said, "\n"), 1u) << said;
  EXPECT_TRUE(has(read(in("large.dot")), "×100"));
}

TEST_F(VisualizeTest, SaysNothingOtherwise) {
  testing::internal::CaptureStderr();
  visualize(three_tasks(), in("graph.dot"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// --- errors ----------------------------------------------------------------------------------------------
TEST_F(VisualizeTest, AnUnknownExtensionIsNamedWithThoseThatExist) {
  for (const char* name : {"graph.jpeg", "graph", "graph.", ".svg", "graph.SVG", "graph.svg.bak"}) {
    const std::string error = error_of<std::invalid_argument>(in(name));
    EXPECT_TRUE(has(error, in(name).string())) << error;
    for (const char* allowed : {".dot", ".svg", ".png", ".pdf"}) EXPECT_TRUE(has(error, allowed)) << error;
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(VisualizeTest, ABadRankdirIsNamedWithThoseThatExist) {
  for (const char* rankdir : {"", "lr", "UP", "LR;"}) {
    const std::string error = error_of<std::invalid_argument>(in("graph.svg"), {.rankdir = rankdir});
    EXPECT_TRUE(has(error, in("graph.svg").string())) << error;
    EXPECT_TRUE(has(error, "rankdir is \"" + std::string(rankdir) + "\"")) << error;
    for (const char* allowed : {"BT", "TB", "LR", "RL"}) EXPECT_TRUE(has(error, allowed)) << error;
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(VisualizeTest, NothingToDrawLeavesNothing) {
  EXPECT_THROW(visualize(std::vector<Delayed<long>>{}, in("graph.dot")), std::invalid_argument);
  EXPECT_TRUE(files().empty());
}

TEST_F(VisualizeTest, AFolderThatIsNotThereIsAnError) {
  write(in("file"), "");
  for (const char* name : {"nowhere/graph.dot", "nowhere/graph.svg", "file/graph.dot"}) {
    const std::string error = error_of<std::runtime_error>(in(name));
    EXPECT_TRUE(has(error, "cannot write " + in(name).string())) << error;
  }
  EXPECT_TRUE(has(error_of<std::runtime_error>(in("nowhere/graph.svg")), "No such file or directory"));
  EXPECT_TRUE(has(error_of<std::runtime_error>(in("file/graph.dot")), "Not a directory"));
  EXPECT_EQ(files(), (Names{"file"}));
}

TEST_F(VisualizeTest, AFolderThatMayNotBeWrittenIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directory(in("locked"));
  fs::permissions(in("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  const std::string error = error_of<std::runtime_error>(in("locked/graph.dot"));
  EXPECT_TRUE(has(error, in("locked/graph.dot").string()) && has(error, "Permission denied")) << error;
}

TEST_F(VisualizeTest, AFolderInPlaceOfTheFileIsAnError) {
  fs::create_directory(in("graph.dot"));
  const std::string error = error_of<std::runtime_error>(in("graph.dot"));
  EXPECT_TRUE(has(error, "cannot write " + in("graph.dot").string())) << error;
  EXPECT_EQ(files(), (Names{"graph.dot"}));
}

TEST_F(VisualizeTest, AFullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  // The name the text is written under first; it leads to a device that is always full.
  const fs::path first = in("graph.dot.part-" + std::to_string(getpid()) + ".dot");
  fs::create_symlink("/dev/full", first);
  const std::string error = error_of<std::runtime_error>(in("graph.dot"));
  EXPECT_TRUE(has(error, in("graph.dot").string()) && has(error, "No space left on device")) << error;
  EXPECT_TRUE(files().empty());
}

TEST_F(VisualizeTest, WithoutGraphvizTheErrorSaysWhatToDo) {
  setenv("PATH", in("").c_str(), 1);
  write(in("graph.svg"), "old");
  const std::string error = error_of<std::runtime_error>(in("graph.svg"));
  EXPECT_TRUE(has(error, in("graph.svg").string())) << error;
  EXPECT_TRUE(has(error, "\"dot\" was not found") && has(error, "install the package graphviz") &&
              has(error, ".dot"))
      << error;
  EXPECT_EQ(files(), (Names{"graph.svg"}));
  EXPECT_EQ(read(in("graph.svg")), "old");
}

TEST_F(VisualizeTest, WhatGraphvizSaysOfItsFailureIsPassedOn) {
  pretend_dot_is("echo half a picture > \"$3\"\necho the fonts are gone >&2\nexit 3\n");
  write(in("graph.svg"), "old");
  const std::string error = error_of<std::runtime_error>(in("graph.svg"));
  EXPECT_TRUE(has(error, in("graph.svg").string())) << error;
  EXPECT_TRUE(has(error, "failed with status 3") && error.ends_with(": the fonts are gone")) << error;
  EXPECT_EQ(files(), (Names{"bin", "graph.svg"}));
  EXPECT_EQ(read(in("graph.svg")), "old") << "an error loses no older picture";
}

TEST_F(VisualizeTest, GraphvizMayBeKilled) {
  pretend_dot_is("kill -9 $$\n");
  const std::string error = error_of<std::runtime_error>(in("graph.svg"));
  EXPECT_TRUE(has(error, in("graph.svg").string()) && has(error, "was ended by signal 9")) << error;
  EXPECT_EQ(files(), (Names{"bin"}));
}

TEST_F(VisualizeTest, GraphvizMaySayALotOrNothing) {
  pretend_dot_is(
      "i=0; while [ $i -lt 3000 ]; do echo a line of one hundred bytes or so, to fill the pipe; i=$((i+1)); "
      "done\nexit 1\n");
  EXPECT_TRUE(has(error_of<std::runtime_error>(in("graph.svg")), "failed with status 1: a line"));
  pretend_dot_is("exit 2\n");
  EXPECT_TRUE(error_of<std::runtime_error>(in("graph.svg")).ends_with("failed with status 2"));
  pretend_dot_is("exit 0\n");
  EXPECT_TRUE(has(error_of<std::runtime_error>(in("graph.svg")), "No such file"))
      << "no picture in spite of success";
  EXPECT_EQ(files(), (Names{"bin"}));
}

}  // namespace
}  // namespace ramal::test
