// Package upload says what a file that somebody sent is: its type by what it holds, whatever its name said, and a name that can
// be shown and written into a header.
//
// Owns: the types that are taken. Must not know: any module, what files are for. Start reading at: Type.
package upload
