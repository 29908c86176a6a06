package desk

import "testing"

// TestWindowsSaysHowItIsProtected, and what it does not say is unknown.
func TestWindowsSaysHowItIsProtected(t *testing.T) {
	for out, want := range map[string][2]string{ // disk and updates
		"":                                                 {unknown, unknown},
		"disk 1\r\nhours 3\r\nwaiting 0\r\n":               {good, good},
		"disk 6\nhours -1\nwaiting 2\n":                    {good, bad},
		"disk 2\nhours 168\nwaiting 0\n":                   {bad, good},
		"disk 3\nhours 169\nwaiting 0\n":                   {bad, unknown}, // searched too long ago
		"disk 5\nhours 3\n":                                {bad, unknown}, // not counted
		"disk 0\nwaiting 0\n":                              {unknown, unknown},
		"disk\nhours x\nwaiting 0\n":                       {unknown, unknown},
		"nonsense 1 2 3\ndisk 7\nhours -9999\nwaiting 0\n": {unknown, unknown},
	} {
		words := told(out)
		if got := [2]string{bitLocker(words), windowsUpdates(words, false)}; got != want {
			t.Errorf("%q: %v, want %v", out, got, want)
		}
		if got := windowsUpdates(words, true); got != bad {
			t.Errorf("%q and a restart that waits: %s", out, got)
		}
	}
}

// TestAPolicyGoesBeforeTheSettingOfAFirewall, and one profile that is off is enough.
func TestAPolicyGoesBeforeTheSettingOfAFirewall(t *testing.T) {
	const local, policy = `SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\`, `SOFTWARE\Policies\Microsoft\WindowsFirewall\`
	on := map[string]uint64{local + "DomainProfile": 1, local + "StandardProfile": 1, local + "PublicProfile": 1}
	with := func(path string, value uint64) map[string]uint64 {
		m := map[string]uint64{path: value}
		for k, v := range on {
			if k != path {
				m[k] = v
			}
		}
		return m
	}
	for name, c := range map[string]struct {
		registry map[string]uint64
		want     string
	}{
		"all on": {on, good}, "nothing told": {nil, unknown}, "public off": {with(local+"PublicProfile", 0), bad}, "off by policy": {with(policy+"DomainProfile", 0), bad},
		"one told": {map[string]uint64{local + "DomainProfile": 1}, unknown},
	} {
		got := windowsFirewall(func(path, name string) (uint64, bool) {
			v, ok := c.registry[path]
			return v, ok && name == "EnableFirewall"
		})
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestWindows11IsCalledSo(t *testing.T) {
	for _, c := range [][3]string{{"Windows 10 Pro", "19045", "Windows 10 Pro 19045"}, {"Windows 10 Pro", "26100", "Windows 11 Pro 26100"}, {"", "", "Windows"}, {"Windows Server 2022", "x", "Windows Server 2022 x"}} {
		if got := windowsName(c[0], c[1]); got != c[2] {
			t.Errorf("%q %q is called %q", c[0], c[1], got)
		}
	}
}
