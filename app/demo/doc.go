// Package demo does the platform's main job on real acts, in a throw-away folder, and prints what it did.
//
// Owns: the people of the demonstration, the scenes, their times. Must not know: the database, any module; scenes act
// through the pages as people do (app/people), and what cannot be seen there is asked of the house's own doors.
// Start reading at: Run, then Scenes (scenes.go): a later part of the product appends its own.
package demo
