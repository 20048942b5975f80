# composer from Sonic Pi. Start it with: composer serve --reply-port 4560
# Sonic Pi hears OSC on 4560: Preferences, IO, "Allow incoming OSC".

use_osc "127.0.0.1", 9190

# What composer plays. Notes come when they are due; a note of velocity 0 ends one.
live_loop :composer do
  use_real_time
  pitch, velocity, _channel = sync "/osc*/composer/play"
  synth :piano, note: pitch, amp: velocity / 127.0 if velocity > 0
end

# Your phrase: played here, and told to composer.
in_thread do
  [60, 62, 64, 67].each do |pitch|
    osc "/composer/note", pitch, 100, 1, 0.2
    synth :pluck, note: pitch
    sleep 0.25
  end
  osc "/composer/phrase/end"
end
