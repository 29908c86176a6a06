// Package clock tells until when a request of a person must be answered (article 12-3 GDPR).
//
// One month from receipt, on the same date of the next month or its last day; when that day is a Saturday, a Sunday or a
// public holiday, the next working day (Regulation 1182/71, article 3; EDPB guidelines 01/2022 on access, section 5.3). Two
// months more when a motivated notice left within the first one. Days during which the identity of the person was in doubt,
// from our question to their answer, do not count.
//
// Holidays are those of the whole of France (code du travail, L3133-1): not those of Alsace-Moselle alone nor of overseas
// territories, which would only give us longer.
//
// Owns: the calendar and the computation, without state. Must not know: requests, persons, the time it is.
// Start reading at: Course.Due.
package clock
