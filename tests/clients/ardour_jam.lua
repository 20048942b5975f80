-- Plays a song through plug-ins in Ardour, and records what comes out on further tracks.
-- arg: the session's folder, seconds to play, how many plug-ins, and for the last of them what
-- is automated from beat 8 on: "NAME VALUE", or none.
-- Track MIDI n has plug-in n, whose temperature is n / 8; tracks behind them record.

AudioEngine:set_backend ("None (Dummy)", "", "")
Session = load_session (arg[1], "song")
assert (Session)
local BEAT, COUNT = Temporal.ticks_per_beat, tonumber (arg[3])
local automated, automated_value = (arg[4] or ""):match ("^(.+) (%S+)$")
local map = Temporal.TempoMap.fetch_writable ()
map:set_tempo (Temporal.Tempo (90, 90, 4), Temporal.timepos_t.from_ticks (8 * BEAT))
Temporal.TempoMap.update (map)
map = nil

-- Number of a parameter among all ports, and among those that are controls.
local function parameter (processor, name)
	local plugin, controls = processor:to_insert ():plugin (0), 0
	for port = 0, plugin:parameter_count () - 1 do
		if plugin:parameter_is_control (port) then
			if plugin:parameter_label (port) == name then return port, controls end
			controls = controls + 1
		end
	end
	error ("there is no parameter " .. name)
end

local function automate (processor, name, value)
	local port, control = parameter (processor, name)
	local _, list, _ = ARDOUR.LuaAPI.plugin_automation (processor, control)
	local which = Evoral.Parameter (ARDOUR.AutomationType.PluginAutomation, 0, port)
	local automation = processor:to_automatable ():automation_control (which, true)
	local before = automation:get_value ()
	list:add (Temporal.timepos_t.from_ticks (0), before, false, true)
	list:add (Temporal.timepos_t.from_ticks (8 * BEAT - 1), before, false, true)
	list:add (Temporal.timepos_t.from_ticks (8 * BEAT), value, false, true)
	automation:set_automation_state (ARDOUR.AutoState.Play)
end

for number = 1, COUNT do
	local player = Session:route_by_name ("MIDI " .. number)
	local recorder = Session:route_by_name ("MIDI " .. COUNT + number)
	local plugin = ARDOUR.LuaAPI.new_plugin (Session, "urn:composer-lstm:plugin",
		ARDOUR.PluginType.LV2, "")
	assert (not plugin:isnil (), "Ardour does not find the plug-in")
	assert (player:add_processor_by_index (plugin, 0, nil, true) == 0)
	local processor = player:nth_plugin (0)
	local _, control = parameter (processor, "Temperature")
	assert (ARDOUR.LuaAPI.set_processor_param (processor, control, number / 8))
	if automated and number == COUNT then
		automate (processor, automated, tonumber (automated_value))
	end
	assert (recorder:input ():midi (0):connect (player:output ():midi (0):name ()) == 0)
	recorder:to_track ():rec_enable_control ():set_value (1, PBD.GroupControlDisposition.NoGroup)
end
ARDOUR.LuaAPI.usleep (1500000) -- the plug-ins find their server
Session:goto_start ()
ARDOUR.LuaAPI.usleep (1000000) -- many tracks take a while to be at the start
Session:maybe_enable_record (false)
Session:request_roll (ARDOUR.TransportRequestSource.TRS_UI)
local rate = Session:nominal_sample_rate ()
for _ = 1, 2000 do -- of Ardour's time, which goes slower on a busy computer
	ARDOUR.LuaAPI.usleep (50000)
	if Session:transport_sample () > tonumber (arg[2]) * rate then break end
end
Session:request_stop (false, false, ARDOUR.TransportRequestSource.TRS_UI)
local patience = 600 -- what was recorded becomes a region a while after the stop
for number = 1, COUNT do
	local playlist = Session:route_by_name ("MIDI " .. COUNT + number):to_track ():playlist ()
	while playlist:n_regions () == 0 and patience > 0 do
		ARDOUR.LuaAPI.usleep (50000)
		patience = patience - 1
	end
end
for number = 1, COUNT do
	local track = Session:route_by_name ("MIDI " .. COUNT + number):to_track ()
	for region in track:playlist ():region_list ():iter () do
		local file = region:to_midiregion ():source (0):to_filesource ():path ()
		print (string.format ("file %d %s", number, file))
	end
end
assert (Session:save_state ("") == 0)
Session = nil
collectgarbage ()
close_session ()
quit ()
