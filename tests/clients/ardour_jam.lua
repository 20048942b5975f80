-- Plays a song through the plug-in in Ardour, and records what comes out on a second track.
-- arg: the session's folder, seconds to play.

AudioEngine:set_backend ("None (Dummy)", "", "")
Session = load_session (arg[1], "song")
assert (Session)
local map = Temporal.TempoMap.fetch_writable ()
map:set_tempo (Temporal.Tempo (90, 90, 4), Temporal.timepos_t.from_ticks (8 * Temporal.ticks_per_beat))
Temporal.TempoMap.update (map)
map = nil

local player, recorder = Session:route_by_name ("MIDI 1"), Session:route_by_name ("MIDI 2")
local plugin = ARDOUR.LuaAPI.new_plugin (Session, "urn:composer-lstm:plugin",
	ARDOUR.PluginType.LV2, "")
assert (not plugin:isnil (), "Ardour does not find the plug-in")
assert (player:add_processor_by_index (plugin, 0, nil, true) == 0)
assert (recorder:input ():midi (0):connect (player:output ():midi (0):name ()) == 0)
recorder:to_track ():rec_enable_control ():set_value (1, PBD.GroupControlDisposition.NoGroup)
ARDOUR.LuaAPI.usleep (1500000) -- the plug-in finds its server
Session:goto_start ()
Session:maybe_enable_record (false)
Session:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
local rate = Session:nominal_sample_rate ()
for _ = 1, 2000 do -- of Ardour's time, which goes slower on a busy computer
	ARDOUR.LuaAPI.usleep (50000)
	if Session:transport_sample () > tonumber (arg[2]) * rate then break end
end
Session:request_stop (false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep (1500000)
for region in recorder:to_track ():playlist ():region_list ():iter () do
	print ("file " .. region:to_midiregion ():source (0):to_filesource ():path ())
end
assert (Session:save_state ("") == 0)
plugin, player, recorder = nil, nil, nil
Session = nil
collectgarbage ()
close_session ()
quit ()
