// Package mail carries messages out: a queue that commits with the act, and a carrier that delivers it afterwards.
//
// A message is queued in the transaction of the act that causes it, so that an act that did not happen writes to
// nobody and an act that did is never silent. Address, subject and body are sealed under the person's own key from
// the moment they are queued, and are cleared as soon as the relay has taken the message or it is given up; what
// stays for thirty days is the kind, the times and the relay's real answer without any address in it.
//
// Owns: table mail_outbox, delivery over SMTP (RFC 5321, STARTTLS of RFC 3207), the folder carrier of trials.
// Must not know: any module, who may send what, the wording of a message.
// Start reading at: Outbox.Queue, then Outbox.Deliver.
package mail
