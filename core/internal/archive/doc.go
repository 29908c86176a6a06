// Package archive is what a person sees and takes of what is held about them (articles 15 and 20 GDPR).
//
// Own gives the page of one's own data: each field, why it is held and until when, who has seen it. Ask makes an archive as a
// job: one zip with a readable page, JSON whose schema is inside, one CSV per table. All of it comes from what every room's
// manifest declares and its ExportPerson gives: a column has its words (words.go), its purpose, its ground, its rule. Rows
// stream: those of a small person stay in memory, those of a large one go through a file sealed under the person's key that
// has no name. The archive is kept in pieces sealed under the same key, opens for that person alone, signed in and asked again
// who they are, and dies after seven days or with the person.
//
// Owns: archives, their form, the words of columns. Must not know: what a room keeps, how a right is asked for (rights).
// Start reading at: module.go (Needs), then gather.go, compose.go, build.go, own.go.
package archive
