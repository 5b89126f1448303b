// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/boost_serialization.hpp>
#include <ramal/delayed.hpp>

#include <boost/serialization/list.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/string.hpp>

#include <gtest/gtest.h>

namespace {

struct Tree {
  std::string name;
  std::list<std::shared_ptr<Tree>> children;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& children;
  }
};

}  // namespace

template <>
struct ramal::Codec<std::list<int>> : ramal::BoostCodec<std::list<int>> {};
template <>
struct ramal::Codec<std::shared_ptr<Tree>> : ramal::BoostCodec<std::shared_ptr<Tree>> {};

namespace {

template <class T>
T round_trip(const T& value) {
  ramal::Writer count;
  ramal::Codec<T>::write(count, value);
  std::vector<std::byte> bytes(count.size());
  ramal::Writer fill(bytes.data(), bytes.size());
  ramal::Codec<T>::write(fill, value);
  ramal::Reader reader(bytes);
  return ramal::Codec<T>::read(reader);
}

TEST(BoostArchive, WhatOnlyBoostKnowsIsOneLineAway) {
  EXPECT_EQ(round_trip(std::list<int>{3, 1, 2}), (std::list<int>{3, 1, 2}));
  EXPECT_EQ(round_trip(std::vector<std::list<int>>{{1}, {}}), (std::vector<std::list<int>>{{1}, {}}));
  auto leaf = std::make_shared<Tree>(Tree{"leaf", {}});
  const auto root = round_trip(std::make_shared<Tree>(Tree{"root", {leaf, leaf}}));
  EXPECT_EQ(root->name, "root");
  ASSERT_EQ(root->children.size(), 2u);
  EXPECT_EQ(root->children.front(), root->children.back()) << "shared before, shared after";
  static_assert(ramal::Encodable<std::shared_ptr<Tree>>);
}

}  // namespace
