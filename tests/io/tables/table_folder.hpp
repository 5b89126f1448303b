// SPDX-License-Identifier: BSD-3-Clause
// Tests that write tables' files into a folder of their own, below TABLE_FILES.
#pragma once

#include "tests/io/engine.hpp"

#include <filesystem>

namespace ramal::test {

class WithTableFolder : public WithEngine {
 protected:
  void SetUp() override {
    WithEngine::SetUp();
    if (IsSkipped()) return;
    folder_ = std::string(std::getenv("TABLE_FILES")) + "/" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  /// What the query gives, as a file of row groups of 2048 rows.
  std::string write(const std::string& name, const std::string& query,
                    detail::CopyOptions options = {{"row_group_size", "2048"}}) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    options.emplace_back("format", "parquet");
    engine().write(query, {}, path(name), options);
    return path(name);
  }
  std::string folder_;
};

}  // namespace ramal::test
