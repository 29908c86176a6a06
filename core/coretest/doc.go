// Package coretest holds a fake of each door of the front desk, for tests of modules, and the contract that every real
// door must pass too.
//
// Owns: the fakes and the contracts. Must not know: any module. Start reading at: Gate, then SealerContract.
package coretest
