// SPDX-License-Identifier: BSD-3-Clause
// Array files on several ranks: each writes what it has, and reads what it needs.
//
//   files_program FOLDER
#include <ramal/npy.hpp>
#include <ramal/ramal.hpp>
#include <ramal/zarr.hpp>

#include <filesystem>
#include <iostream>

namespace {

double wave(const ramal::Extents& at) {
  return static_cast<double>(at[0] % 97) - 0.25 * static_cast<double>(at[1] % 13);
}
void expect(bool is_so, const char* what) {
  if (!is_so) throw std::runtime_error(what);
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const std::string folder = argc > 1 ? argv[1] : "array_files";
    std::filesystem::create_directories(folder);
    const std::string npy = folder + "/x.npy", store = folder + "/x.zarr";
    const ramal::Array<double> field = ramal::from_function<wave>({300, 200}, {40, 70});
    const double sum = session.compute(field.sum());
    session.compute(ramal::write_npy(npy, field), ramal::write_zarr(store, "two", field, {.format = 2}));
    session.compute(ramal::write_npy(folder + "/t.npy", field.transpose()));
    const auto again = ramal::read_npy<double>(npy, {17, -1});
    expect(session.compute((again == field).every()), "the .npy file differs");
    expect(session.compute(again.rechunk({40, 70}).sum()) == sum, "the sum differs");
    expect(session.compute((ramal::read_npy<double>(folder + "/t.npy") == field.transpose()).every()),
           "the transposed .npy file differs");
    expect(session.compute((ramal::read_zarr<double>(store, "two") == field).every()), "the store differs");
    const auto kept = session.persist(field * 2);
    session.compute(ramal::write_zarr(store, "twice", kept, {.chunks = {-1, 30}}));
    expect(session.compute((ramal::read_zarr<double>(store, "twice") == 2 * field).every()),
           "the second array of the store differs");
    std::size_t entries = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) entries += entry.exists();
    expect(entries == 3, "something unfinished is left");
    std::cout << "array files: ok on " << session.ranks() << " ranks\n";
  });
}
