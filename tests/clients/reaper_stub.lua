-- A stand-in for REAPER's API, as far as composer's actions use it: one item at 2 s, at 120.
-- arg: the script, then "PITCH:START:END:CHANNEL" for each note, in ticks of 960 to the beat.

local PPQ, BPM, BEGIN = 960, 120, 2.0
local item = {position = BEGIN, length = 8.0, loop = 1}
local take, notes, depth, steps, messages = {}, {}, 0, {}, {}
local range = {tonumber (os.getenv ("RANGE_FROM") or 0), tonumber (os.getenv ("RANGE_TO") or 0)}
for index = 2, #arg do
	local pitch, start, finish, channel = arg[index]:match ("(%d+):(%d+):(%d+):(%d+)")
	table.insert (notes, {pitch = tonumber (pitch), start = tonumber (start),
		finish = tonumber (finish), channel = tonumber (channel), velocity = 90})
end

local function writes () assert (depth == 1, "something is changed outside of an undo block") end
local function qn (seconds) return seconds * BPM / 60 end

reaper = {
	ShowMessageBox = function (text) table.insert (messages, text) end,
	ExecProcess = function (command)
		local pipe = io.popen (command .. " 2>&1")
		local said = pipe:read ("*a")
		local _, _, code = pipe:close ()
		return tostring (code) .. "\n" .. said
	end,
	GetSelectedMediaItem = function () return #notes >= 0 and item or nil end,
	GetActiveTake = function () return take end,
	TakeIsMIDI = function () return true end,
	GetMediaItemInfo_Value = function (_, name)
		return ({D_POSITION = item.position, D_LENGTH = item.length})[name]
	end,
	SetMediaItemInfo_Value = function (_, name, value) writes () item[name] = value end,
	TimeMap2_timeToQN = function (_, seconds) return qn (seconds) end,
	TimeMap_GetTimeSigAtTime = function () return 4, 4, BPM end,
	MIDI_GetProjQNFromPPQPos = function (_, ppq) return qn (BEGIN) + ppq / PPQ end,
	MIDI_GetPPQPosFromProjQN = function (_, beat) return (beat - qn (BEGIN)) * PPQ end,
	GetSet_LoopTimeRange = function () return range[1], range[2] end,
	MIDI_CountEvts = function () return true, #notes, 0, 0 end,
	MIDI_GetNote = function (_, index)
		local note = notes[index + 1]
		return true, false, false, note.start, note.finish, note.channel, note.pitch, note.velocity
	end,
	MIDI_DeleteNote = function (_, index) writes () table.remove (notes, index + 1) end,
	MIDI_InsertNote = function (_, _, _, start, finish, channel, pitch, velocity)
		writes ()
		table.insert (notes, {pitch = pitch, start = start, finish = finish, channel = channel,
			velocity = velocity})
	end,
	MIDI_SetItemExtents = function (_, from, to)
		writes ()
		assert (from == qn (BEGIN))
		item.length = (to - from) * 60 / BPM
	end,
	MIDI_Sort = function ()
		table.sort (notes, function (a, b) return a.start < b.start end)
	end,
	PreventUIRefresh = function () end,
	UpdateItemInProject = function () end,
	Undo_BeginBlock2 = function () depth = depth + 1 end,
	Undo_EndBlock2 = function (_, name) depth = depth - 1 table.insert (steps, name) end,
}

dofile (arg[1])
for _, note in ipairs (notes) do
	print (string.format ("note %d %.0f %.0f %d %d", note.pitch, note.start, note.finish,
		note.channel, note.velocity))
end
print (string.format ("length %.3f", item.length))
for _, name in ipairs (steps) do print ("undo " .. name) end
for _, text in ipairs (messages) do print ("said " .. text) end
