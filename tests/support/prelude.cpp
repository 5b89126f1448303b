// SPDX-License-Identifier: BSD-3-Clause
// Nothing: a target that has precompiled headers must have a source.
