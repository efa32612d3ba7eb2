package main

import (
	"bytes"
	"testing"
)

func TestAPacketGoesWithTheOneBefore(t *testing.T) {
	got := red([]byte{1, 2, 3}, []byte{4, 5})
	// 0xef: another header follows, 111; 0x0f00 0x03: 960 in 14 bits, 3 in 10; 0x6f: the last header, 111.
	want := []byte{0xef, 0x0f, 0x00, 0x03, 0x6f, 1, 2, 3, 4, 5}
	if !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func TestTheFirstPacketGoesAlone(t *testing.T) {
	if got, want := red(nil, []byte{4, 5}), []byte{0x6f, 4, 5}; !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func TestAPacketGoesAloneAfterOneThatNoHeaderCanHold(t *testing.T) {
	if got := red(make([]byte, redMost), []byte{4}); !bytes.Equal(got[:5], []byte{0xef, 0x0f, 0x03, 0xff, 0x6f}) {
		t.Errorf("the longest one has the header % x", got[:5])
	}
	if got, want := red(make([]byte, redMost+1), []byte{4}), []byte{0x6f, 4}; !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func TestALoopBeginsAloneAndGoesOnWithTheOneBefore(t *testing.T) {
	said, err := newSpeech([][]byte{{1}, {2}})
	if err != nil {
		t.Fatal(err)
	}
	if got := said.alone[0]; !bytes.Equal(got, red(nil, []byte{1})) {
		t.Errorf("alone: % x", got)
	}
	if got := said.together[0]; !bytes.Equal(got, red([]byte{2}, []byte{1})) {
		t.Errorf("from the end to the start: % x", got)
	}
	if got := said.together[1]; !bytes.Equal(got, red([]byte{1}, []byte{2})) {
		t.Errorf("inside: % x", got)
	}
}

func TestSpeakersAreSpreadOverAPacketsTime(t *testing.T) {
	const speakers = 40
	for one := range speakers {
		for other := range one {
			// Evenly, they would be 1/40 apart.
			if apart := spread(one) - spread(other); apart*apart < 0.01*0.01 {
				t.Errorf("%d and %d are %g apart", one, other, apart)
			}
		}
	}
}
