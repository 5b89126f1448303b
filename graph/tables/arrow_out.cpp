// SPDX-License-Identifier: BSD-3-Clause
// Rows lent to others: each structure has an object behind it that keeps what its pointers point to.
#include "graph/tables/arrow_format.hpp"

#include <array>
#include <stdexcept>

namespace ramal {

namespace {

/// What is behind an ArrowSchema.
struct LentSchema {
  std::string format, name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};
/// What is behind an ArrowArray.
struct LentArray {
  Column column;
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

/// A child may have been moved out, and is then another's to release.
template <class Structure, class Lent>
void release_lent(Structure* structure) {
  for (std::int64_t i = 0; i < structure->n_children; ++i)
    if (Structure* child = structure->children[i]; child->release != nullptr) child->release(child);
  delete static_cast<Lent*>(structure->private_data);
  structure->release = nullptr;
}

/// Releases what has been made so far if something throws.
template <class Structure>
struct Undone {
  Structure* structure;
  ~Undone() {
    if (structure != nullptr && structure->release != nullptr) structure->release(structure);
  }
};

template <class Structure, class Lent>
void point_to_children(Structure& structure, Lent& lent, std::size_t children) {
  lent.children.resize(children);  // none of which has to be released yet
  for (Structure& child : lent.children) lent.pointers.push_back(&child);
  structure.n_children = static_cast<std::int64_t>(children);
  structure.children = lent.pointers.data();
}

ArrowSchema lent_schema(const std::string& format, const std::string& name, std::span<const Field> fields,
                        std::int64_t flags) {
  auto lent = std::make_unique<LentSchema>(LentSchema{format, name, {}, {}});
  ArrowSchema schema{};
  schema.flags = flags;
  point_to_children(schema, *lent, fields.size());
  schema.format = lent->format.c_str();
  schema.name = lent->name.c_str();
  schema.release = release_lent<ArrowSchema, LentSchema>;
  LentSchema& kept = *lent;
  schema.private_data = lent.release();
  Undone<ArrowSchema> undone{&schema};
  for (std::size_t i = 0; i < fields.size(); ++i)
    kept.children[i] = lent_schema(detail::arrow_format(fields[i].type), fields[i].name,
                                   fields[i].type.fields(), ARROW_FLAG_NULLABLE);
  undone.structure = nullptr;
  return schema;
}

ArrowArray lent_array(std::int64_t length, std::span<const Column> children, Column column,
                      std::int64_t nulls, std::initializer_list<const void*> buffers) {
  auto lent = std::make_unique<LentArray>();
  lent->column = std::move(column);
  std::copy(buffers.begin(), buffers.end(), lent->buffers.begin());
  ArrowArray array{};
  array.length = length;
  array.null_count = nulls;
  array.n_buffers = static_cast<std::int64_t>(buffers.size());
  array.buffers = lent->buffers.data();
  point_to_children(array, *lent, children.size());
  array.release = release_lent<ArrowArray, LentArray>;
  LentArray& kept = *lent;
  array.private_data = lent.release();
  Undone<ArrowArray> undone{&array};
  const auto lend = [](const Column& child) {
    const void *validity = child.validity().data(), *offsets = child.offsets_buffer().data(),
               *values = child.values().data();
    const auto as = [&](std::initializer_list<const void*> its) {
      return lent_array(child.size(), child.children(), child, child.nulls(), its);
    };
    switch (child.type().id()) {
      case TypeId::null:
        return as({});
      case TypeId::structure:
        return as({validity});
      case TypeId::list:
        return as({validity, offsets});
      default:
        return child.type().has_offsets() ? as({validity, offsets, values}) : as({validity, values});
    }
  };
  for (std::size_t i = 0; i < children.size(); ++i) kept.children[i] = lend(children[i]);
  undone.structure = nullptr;
  return array;
}

void require_names_without_zeros(std::span<const Field> fields) {
  for (const Field& field : fields) {
    if (field.name.find('\0') != std::string::npos)
      throw std::invalid_argument(
          "ramal: to_arrow: the name of a column has a zero in it, which Arrow's names end with: " +
          quoted_name(field.name));
    require_names_without_zeros(field.type.fields());
  }
}

}  // namespace

void to_arrow(const Rows& rows, ArrowSchema* schema, ArrowArray* array) {
  ArrowSchema made{};
  to_arrow(rows.schema(), &made);
  Undone<ArrowSchema> undone{&made};
  *array = lent_array(rows.size(), rows.columns(), Column(), 0, {nullptr});
  undone.structure = nullptr;
  *schema = made;
}

void to_arrow(const Schema& schema, ArrowSchema* out) {
  require_names_without_zeros(schema.fields());
  *out = lent_schema("+s", "", schema.fields(), 0);
}

}  // namespace ramal
