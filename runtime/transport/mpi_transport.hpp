// SPDX-License-Identifier: BSD-3-Clause
// A Transport over MPI.
//
// What travels between two ranks is a stream of frames (frame.hpp), each one MPI message, and of large
// payloads, in pieces.
//
// Small messages share a frame until it is full or flushed. The payload of a large one is sent from
// the memory it lies in and received into the memory where it will stay; until it has landed, later
// frames of that sender wait, which keeps the order. A receiver without room puts off the receive, and with
// it what comes after; the payload's memory stays taken at the sender.
//
// Credits: a rank may have so many frames under way to another; the other returns credits with its own
// frames, or in an empty one. So what a slow rank has not taken in stays bounded. An empty frame needs
// no credit, and returns at least half of what there is, so returning cannot be held up by credits.
#pragma once

#include "runtime/transport/transport.hpp"

#include <ramal/options.hpp>

#include <mpi.h>

#include <memory>

namespace ramal::detail {

/// A transport between the ranks of a communicator that nobody else uses, and that outlives it. Collective.
/// `errors_of_tasks`: what is to become of errors on the communicators of collective tasks.
std::unique_ptr<Transport> mpi_transport(MPI_Comm communicator, MPI_Errhandler errors_of_tasks,
                                         const Options& options);

}  // namespace ramal::detail
