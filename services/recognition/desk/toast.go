package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"sync"
)

// Toasts are the notices of Windows 10 and 11. Windows PowerShell, which each of them has, reaches them without cgo and without a COM
// server. Its script is a constant; what a toast says comes in the environment, where a command line would show it to everybody.

const (
	toastApp   = "Rempart.Desk" // the AppUserModelID under which Windows lists the agent
	toastGroup = "calls"

	toastAct  = "REMPART_TOAST"
	toastText = "REMPART_TOAST_XML"
	toastTag  = "REMPART_TOAST_TAG"
)

// toastScript shows, hides or clears. It holds no double quote: it goes through a command line as it is.
const toastScript = `$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
[void][Windows.UI.Notifications.ToastNotification, Windows.UI.Notifications, ContentType = WindowsRuntime]
[void][Windows.Data.Xml.Dom.XmlDocument, Windows.Data.Xml.Dom.XmlDocument, ContentType = WindowsRuntime]
if ($env:` + toastAct + ` -eq 'show') {
  $xml = New-Object Windows.Data.Xml.Dom.XmlDocument
  $xml.LoadXml([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($env:` + toastText + `)))
  $toast = New-Object Windows.UI.Notifications.ToastNotification $xml
  $toast.Tag = $env:` + toastTag + `
  $toast.Group = '` + toastGroup + `'
  $toast.ExpirationTime = [System.DateTimeOffset]::Now.AddMinutes(5)
  [Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier('` + toastApp + `').Show($toast)
}
if ($env:` + toastAct + ` -eq 'hide') {
  [Windows.UI.Notifications.ToastNotificationManager]::History.Remove($env:` + toastTag + `, '` + toastGroup + `', '` + toastApp + `')
}
if ($env:` + toastAct + ` -eq 'clear') {
  try { [Windows.UI.Notifications.ToastNotificationManager]::History.Clear('` + toastApp + `') } catch { }
}
exit 0`

// The elements of a toast (toast XML schema, ToastGeneric). An incoming call stays on the screen; the telephone makes the noise.
type (
	toastXML struct {
		XMLName    xml.Name      `xml:"toast"`
		Activation string        `xml:"activationType,attr"`
		Launch     string        `xml:"launch,attr"`
		Scenario   string        `xml:"scenario,attr"`
		Visual     toastVisual   `xml:"visual>binding"`
		Actions    []toastAction `xml:"actions>action"`
		Audio      toastAudio    `xml:"audio"`
	}
	toastVisual struct {
		Template string   `xml:"template,attr"`
		Texts    []string `xml:"text"`
	}
	toastAction struct {
		Content    string `xml:"content,attr"`
		Activation string `xml:"activationType,attr"`
		Arguments  string `xml:"arguments,attr"`
	}
	toastAudio struct {
		Silent bool `xml:"silent,attr"`
	}
)

// Windows takes toasts of five kilobytes at most.
const (
	largestToast = 5000
	mostTitle    = 200
	mostLabel    = 100
	mostBody     = 1000
)

// toastOf writes a notice as a toast; a body that does not fit loses its end.
func toastOf(n Notice, key string) ([]byte, error) {
	t := toastXML{
		Activation: "protocol", Launch: choiceLink(key, 0), Scenario: "incomingCall",
		Visual: toastVisual{Template: "ToastGeneric"}, Audio: toastAudio{Silent: true},
	}
	for i, b := range n.Buttons {
		t.Actions = append(t.Actions, toastAction{Content: first(b.Label, mostLabel), Activation: "protocol", Arguments: choiceLink(key, i+1)})
	}
	if len(t.Actions) == 0 { // without any button Windows takes a call away after seconds; this one is named by Windows itself
		t.Actions = []toastAction{{Activation: "system", Arguments: "dismiss"}}
	}
	for most := mostBody; ; most /= 2 {
		t.Visual.Texts = []string{first(n.Title, mostTitle)}
		if body := first(n.Body, most); body != "" {
			t.Visual.Texts = append(t.Visual.Texts, body)
		}
		text, err := xml.Marshal(t)
		if err != nil || len(text) <= largestToast || most == 0 {
			return text, err
		}
	}
}

// first gives the first characters of a text.
func first(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(most-1, 0)]) + "…"
}

// tagOf names the toast of a call: the same call replaces its own, after a restart of the agent too.
func tagOf(call string) string {
	sum := sha256.Sum256([]byte(call))
	return hex.EncodeToString(sum[:8]) // older Windows take sixteen characters
}

// toasts is the Notifier of Windows.
type toasts struct {
	run    func(act string, env ...string) error // runs toastScript
	offers offers
	chosen chan Chosen
	until  context.Context // ends with Close
	end    context.CancelFunc

	mu   sync.Mutex
	last uint32
	on   map[uint32]toast
}

type toast struct {
	tag, key string
	stop     context.CancelFunc
}

// openToasts sees that toasts can be shown at all, and clears those of an agent that was killed.
func openToasts(folder string, run func(act string, env ...string) error) (Notifier, error) {
	t := &toasts{run: run, offers: offers(folder), chosen: make(chan Chosen, 8), on: map[uint32]toast{}}
	if err := t.offers.empty(); err != nil {
		return nil, err
	}
	if err := run("clear"); err != nil {
		return nil, err
	}
	t.until, t.end = context.WithCancel(context.Background())
	return t, nil
}

// Show shows a notice in place of an earlier one of the same call.
func (t *toasts) Show(n Notice) (uint32, error) {
	key, err := t.offers.open()
	if err != nil {
		return 0, err
	}
	text, err := toastOf(n, key)
	tag := tagOf(n.Call)
	if err == nil {
		err = t.run("show", toastTag+"="+tag, toastText+"="+base64.StdEncoding.EncodeToString(text))
	}
	if err != nil {
		t.offers.withdraw(key)
		return 0, err
	}
	ctx, stop := context.WithTimeout(t.until, offerStays)
	t.mu.Lock()
	for id, other := range t.on {
		if other.tag == tag {
			t.forget(id)
		}
	}
	t.last++
	id := t.last
	t.on[id] = toast{tag, key, stop}
	t.mu.Unlock()
	go t.await(ctx, id, key, n.Buttons)
	return id, nil
}

// await tells what was chosen on one toast.
func (t *toasts) await(ctx context.Context, id uint32, key string, buttons []Button) {
	place, ok := t.offers.wait(ctx, key, len(buttons)+1)
	t.offers.withdraw(key)
	if !ok {
		return
	}
	c := Chosen{Notice: id}
	if place > 0 {
		c.Button = buttons[place-1].ID
	}
	select {
	case t.chosen <- c:
	case <-t.until.Done():
	}
}

// forget ends an offer; t.mu is held.
func (t *toasts) forget(id uint32) (tag string, on bool) {
	one, on := t.on[id]
	if on {
		delete(t.on, id)
		one.stop()
		t.offers.withdraw(one.key)
	}
	return one.tag, on
}

// Hide takes a toast off the screen and out of the list of notices.
func (t *toasts) Hide(id uint32) error {
	t.mu.Lock()
	tag, on := t.forget(id)
	t.mu.Unlock()
	if !on {
		return nil
	}
	return t.run("hide", toastTag+"="+tag)
}

// Chosen tells what people choose.
func (t *toasts) Chosen() <-chan Chosen { return t.chosen }

// Close takes everything away.
func (t *toasts) Close() error {
	t.end()
	t.mu.Lock()
	left := len(t.on)
	for id := range t.on {
		t.forget(id)
	}
	t.mu.Unlock()
	if left == 0 {
		return nil
	}
	return t.run("clear")
}
