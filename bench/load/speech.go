package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils/guid"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	packetTime    = 20 * time.Millisecond
	packetSamples = 960 // at Opus' clock of 48 kHz
	opusPayload   = 111 // as LiveKit's protocol has it for Opus and for the Opus in RED
)

// codecs are what a phone offers for its microphone: Opus in RED, and Opus for a server that wants none.
var codecs = []livekit.Codec{{Mime: "audio/opus"}, {Mime: redMime}}

// speech is what all speakers say, in a loop.
type speech struct {
	// begin is when the first of all speakers would have said the first packet.
	begin time.Time
	// alone has each packet by itself, as RED; together has it with the one before it.
	alone, together [][]byte
}

func newSpeech(packets [][]byte) (*speech, error) {
	if len(packets) == 0 {
		return nil, errors.New("a speech of no packets")
	}
	said := &speech{begin: time.Now()}
	before := packets[len(packets)-1]
	for _, packet := range packets {
		said.alone = append(said.alone, red(nil, packet))
		said.together = append(said.together, red(before, packet))
		before = packet
	}
	return said, nil
}

// newMicrophone returns a track of Opus in RED. Until it is published and the server has answered, what is written to
// it goes nowhere.
func newMicrophone() (*webrtc.TrackLocalStaticRTP, error) {
	capability := webrtc.RTPCodecCapability{MimeType: redMime, ClockRate: 48_000, Channels: 2}
	id := guid.New("TR_")
	return webrtc.NewTrackLocalStaticRTP(capability, id, id)
}

// say speaks until the context ends. Each speaker has a phase and a place in the speech of its own, so that the
// packets of many neither come all at once nor are the same; each keeps to its own timetable, so that no delay adds up.
func (s *speech) say(ctx context.Context, speaker int, microphone *webrtc.TrackLocalStaticRTP) {
	apart := spread(speaker)
	tick := int(time.Since(s.begin)/packetTime) + 1
	due := s.begin.Add(time.Duration(tick)*packetTime + time.Duration(apart*float64(packetTime)))
	place := int(apart * float64(len(s.together)))
	packet := rtp.Packet{
		Header: rtp.Header{
			Version:        2,
			Marker:         true, // here somebody begins to speak
			SequenceNumber: uint16(rand.Uint32()),
			Timestamp:      rand.Uint32(),
		},
		Payload: s.alone[place],
	}
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		// It fails while the connection is closed: then these words are lost, as a phone's would be.
		_ = microphone.WriteRTP(&packet)
		place = (place + 1) % len(s.together)
		packet.Marker = false
		packet.SequenceNumber++
		packet.Timestamp += packetSamples
		packet.Payload = s.together[place]
		due = due.Add(packetTime)
		timer.Reset(time.Until(due))
	}
}

// spread returns a number from 0 to 1 that is far from those of all other numbers nearby, however many there are: the
// multiples of the golden ratio fill a circle evenly.
func spread(n int) float64 {
	_, apart := math.Modf(float64(n) * math.Phi)
	return apart
}
